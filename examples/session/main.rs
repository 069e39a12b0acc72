//! A small HTTP service that keeps its sessions in a key-value namespace.
//!
//! `cargo run --example session` starts the service on a redb file in a temporary folder, drives it through an HTTP
//! client and says what it does; `-- --help` names the rest. Where to read on:
//!
//! - `sessions.rs` is what a service does with the library: typed records, metadata, and a renewed time to live.
//! - `store.rs` is the one place that knows which backend there is.
//! - `race.rs` shows why a renewal is an `update` and not a get and then a put.
//! - `routes.rs` is the HTTP of it, and `tour.rs` the visitor.

mod api_error;
mod arguments;
mod browser;
mod cookie;
mod race;
mod routes;
mod server;
mod session_id;
mod sessions;
mod stop_signal;
mod store;
#[cfg(test)]
mod tests;
mod tour;
mod user_name;

use std::{error::Error, net::SocketAddr, process::ExitCode, sync::Arc};

use kv_core::SystemClock;

use crate::{
    arguments::Run,
    server::Server,
    stop_signal::stop_signal,
    store::{Location, Store},
};

/// Why the program ends early, in words for a person.
type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let ended = match arguments::parse() {
        Run::Tour(backend) => tour::run(backend).await,
        Run::Serve { location, listen } => serve(&location, listen).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            let mut cause = failure.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// Serves until Ctrl-C or SIGTERM.
async fn serve(location: &Location, listen: SocketAddr) -> Result<(), Failure> {
    // From here on a signal is not lost, so one that follows the printed line at once finds us ready.
    let stop_signal = stop_signal()?;
    let store = Store::open(location, Arc::new(SystemClock)).await?;
    let server = Server::start(listen, store.sessions()?).await?;
    println!("listening on {}", server.url());
    stop_signal.await;
    // First the requests, then the store that they use.
    server.stop().await?;
    store.close().await?;
    println!("stopped, and the store is closed");
    Ok(())
}
