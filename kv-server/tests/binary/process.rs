//! Process that a test starts and ends.

use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::support::{
    client::exchange,
    process::{self, listening, namespace_id},
    server::NAMESPACES,
};

/// A process that listens. It is killed when it is dropped.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) stdout: BufReader<ChildStdout>,
    pub(crate) address: String,
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = process::command(arguments);
    command.stderr(Stdio::piped());
    command
}

pub(crate) async fn start(mut command: Command) -> Process {
    let mut child = command.spawn().unwrap();
    let (address, stdout) = listening(&mut child).await;
    Process { child, stdout, address }
}

/// Returns the whole response to a request on a connection of its own.
pub(crate) async fn ask(address: &str, method: &str, path: &str, token: &str, body: &str) -> String {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    String::from_utf8(exchange(address, request.as_bytes()).await.unwrap()).unwrap()
}

pub(crate) async fn send_signal(child: &Child, signal: &str) {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
}

impl Process {
    pub(crate) async fn ask(&self, method: &str, path: &str, token: &str, body: &str) -> String {
        ask(&self.address, method, path, token, body).await
    }

    /// Sends the head of a request with a body of `length` bytes, and returns the connection once the server
    /// waits for the body.
    pub(crate) async fn begin(&self, method: &str, path: &str, length: usize) -> TcpStream {
        let mut connection = TcpStream::connect(&self.address).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut response = [0; 25];
        connection.read_exact(&mut response).await.unwrap();
        assert_eq!(&response, b"HTTP/1.1 100 Continue\r\n\r\n");
        connection
    }

    /// Creates a namespace and returns its path.
    pub(crate) async fn create(&self, token: &str) -> String {
        let response = self.ask("POST", NAMESPACES, token, r#"{"title":"n"}"#).await;
        format!("{NAMESPACES}/{}", namespace_id(&response))
    }

    pub(crate) async fn signal(&self, signal: &str) {
        send_signal(&self.child, signal).await;
    }

    /// Waits until the process closes its listener, after its first signal.
    pub(crate) async fn until_it_stops_listening(&self) {
        let stopped = async { while TcpStream::connect(&self.address).await.is_ok() {} };
        timeout(Duration::from_secs(20), stopped).await.unwrap();
    }

    /// Waits for the end, and returns the exit code, the rest of stdout, and stderr.
    pub(crate) async fn end(mut self) -> (Option<i32>, String, String) {
        let status = timeout(Duration::from_secs(20), self.child.wait()).await.unwrap().unwrap();
        let mut stdout = String::new();
        let mut stderr = String::new();
        self.stdout.read_to_string(&mut stdout).await.unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).await.unwrap();
        (status.code(), stdout, stderr)
    }
}
