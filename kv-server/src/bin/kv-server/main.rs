//! Cloudflare's Workers KV API over a store of this machine.

mod arguments;
mod listen_address;
mod logging;
mod run;
mod signals;
mod store;

use std::process::ExitCode;

use clap::Parser as _;
use tokio::runtime;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    // A bad flag ends the process here, with code 2 and a line of clap's.
    let arguments = Arguments::parse();
    let outcome = logging::start(&arguments.log).and_then(|()| {
        let runtime = runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("the runtime cannot be started: {error}"))?;
        runtime.block_on(run::run(arguments))
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("kv-server: {message}");
            ExitCode::FAILURE
        }
    }
}
