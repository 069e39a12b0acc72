//! Program that serves Cloudflare's Workers KV API over a store on this machine.

mod arguments;
mod listen_address;
mod logging;
mod run;
mod signals;
mod store;

use std::{process::ExitCode, sync::mpsc, thread, time::Duration};

use clap::Parser as _;
use tokio::runtime;

use crate::{arguments::Arguments, run::Exit};

/// Time limit for writing the last line.
const MAX_LAST_WRITE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    // A malformed flag ends the process here, with code 2 and clap's message.
    let arguments = Arguments::parse();
    let outcome = logging::start(&arguments.log).and_then(|guard| {
        let runtime = runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("cannot start the runtime: {error}"))?;
        let outcome = runtime.block_on(run::run(arguments));
        if outcome == Ok(Exit::DuringStartup) {
            // A thread may still be opening the store; it ends with the process.
            runtime.shutdown_background();
        }
        drop(guard);
        outcome
    });
    match outcome {
        Ok(Exit::Stopped) => ExitCode::SUCCESS,
        Ok(Exit::DuringStartup) => {
            print_last_line(
                "stopped by a signal during startup: the next start recovers the store as after a crash",
            );
            ExitCode::from(signals::EXIT_CODE)
        }
        Err(message) => {
            print_last_line(&message);
            ExitCode::FAILURE
        }
    }
}

/// Writes the last line to stderr. A pipe that is not read cannot hold up the exit.
fn print_last_line(message: &str) {
    let line = format!("kv-server: {message}");
    let (written, was_written) = mpsc::channel();
    thread::spawn(move || {
        eprintln!("{line}");
        written.send(())
    });
    let _ = was_written.recv_timeout(MAX_LAST_WRITE);
}
