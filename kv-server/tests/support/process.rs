//! Process of kv-server.

use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// Returns a command that starts the server, without any setting from the environment. Its process is killed
/// when it is dropped.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kv-server"));
    command.args(arguments);
    isolate(&mut command);
    command
}

/// Takes settings away from a command's environment, and pipes its output.
pub(crate) fn isolate(command: &mut Command) {
    command.env_remove("KV_SERVER_TOKEN").env_remove("RUST_LOG").kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
}

/// Waits until the server listens, for 60 s at most, and returns its address and the rest of its output.
pub(crate) async fn listening(child: &mut Child) -> (String, BufReader<ChildStdout>) {
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    timeout(Duration::from_secs(60), stdout.read_line(&mut line)).await.unwrap().unwrap();
    let address = line.strip_prefix("listening on http://").and_then(|rest| rest.strip_suffix('\n'));
    (address.unwrap_or_else(|| panic!("{line:?}")).to_owned(), stdout)
}

/// Returns the id of a namespace from the response that shows it.
pub(crate) fn namespace_id(response: &str) -> &str {
    let (_, id) = response.split_once("\"id\":\"").unwrap_or_else(|| panic!("{response}"));
    &id[..32]
}
