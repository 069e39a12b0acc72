//! Cloudflare's Workers KV API over a store of this machine.

mod arguments;
mod listen_address;
mod logging;
mod run;
mod signals;
mod store;

use std::{process::ExitCode, sync::mpsc, thread, time::Duration};

use clap::Parser as _;
use tokio::runtime;

use crate::{arguments::Arguments, run::Ended};

/// Longest wait for the last line.
const MAX_LAST_WRITE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    // A bad flag ends the process here, with code 2 and a line of clap's.
    let arguments = Arguments::parse();
    let outcome = logging::start(&arguments.log).and_then(|guard| {
        let runtime = runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("the runtime cannot be started: {error}"))?;
        let outcome = runtime.block_on(run::run(arguments));
        if outcome == Ok(Ended::BeforeItServed) {
            // A thread may still be opening the store. It ends with the process.
            runtime.shutdown_background();
        }
        drop(guard);
        outcome
    });
    match outcome {
        Ok(Ended::Served) => ExitCode::SUCCESS,
        Ok(Ended::BeforeItServed) => {
            say("a signal ended the start; the next start finds the store as after a crash");
            ExitCode::from(signals::EXIT_CODE)
        }
        Err(message) => {
            say(&message);
            ExitCode::FAILURE
        }
    }
}

/// Writes the last line to stderr, unless nobody reads it.
fn say(message: &str) {
    let line = format!("kv-server: {message}");
    let (written, was_written) = mpsc::channel();
    thread::spawn(move || {
        eprintln!("{line}");
        written.send(())
    });
    let _ = was_written.recv_timeout(MAX_LAST_WRITE);
}
