//! A small HTTP service that keeps its sessions in a key-value namespace.
//!
//! `cargo run --example session` starts the service on a redb file in a temporary folder, drives it through
//! an HTTP client and prints each step; `-- --help` lists the options. Files to read next:
//!
//! - `sessions.rs` uses the library as a service does: typed records, metadata, and a renewed TTL.
//! - `store.rs` is the only file that knows the backends.
//! - `race.rs` shows the lost logout that `update` prevents, and a get followed by a put does not.
//! - `routes.rs` has the HTTP handlers, and `tour.rs` the client's steps.

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

/// Error that ends the program early.
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
    // Before the line is printed, so that a signal right after it is not lost.
    let stop_signal = stop_signal()?;
    let store = Store::open(location, Arc::new(SystemClock)).await?;
    let server = Server::start(listen, store.sessions()?).await?;
    println!("listening on {}", server.url());
    stop_signal.await;
    // The requests first, then the store that they use.
    server.stop().await?;
    store.close().await?;
    println!("stopped, and the store is closed");
    Ok(())
}
