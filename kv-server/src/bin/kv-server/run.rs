//! Life of the process: startup, serving, shutdown.

use std::{
    fmt::Display,
    io::{self, Write as _},
    net::SocketAddr,
    sync::Arc,
};

use kv_core::KvStore;
use kv_server::KvServer;
use tokio::sync::watch;

use crate::{arguments::Arguments, signals::Signals};

/// Regular end of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// A signal stopped the server, and the store is closed.
    Stopped,
    /// A signal came during startup.
    DuringStartup,
}

/// Opens the store, serves until a signal comes, and closes the store.
pub(crate) async fn run(arguments: Arguments) -> Result<Exit, String> {
    // First, so that no signal ends the process while the store is open.
    let mut signals = Signals::new().map_err(failed("cannot receive signals"))?;
    let start = async {
        let token = arguments.token().await?;
        let store = arguments.store.open().await.map_err(failed("cannot open the store"))?;
        Ok::<_, String>((token, store))
    };
    // Both may take long: a token file may be a pipe, a store may need repair.
    let (token, store) = tokio::select! {
        biased;
        () = signals.next() => return Ok(Exit::DuringStartup),
        started = start => started?,
    };
    let outcome = serve(&arguments, token, Arc::clone(&store), &mut signals).await;
    let closed = tokio::select! {
        closed = store.close() => closed.map_err(failed("cannot close the store cleanly")),
        never = signals.end_at_once() => match never {},
    };
    outcome.and(closed).map(|()| Exit::Stopped)
}

async fn serve(
    arguments: &Arguments,
    token: Option<String>,
    store: Arc<dyn KvStore>,
    signals: &mut Signals,
) -> Result<(), String> {
    let mut builder = KvServer::builder(store)
        .account_id(&arguments.account_id)
        .max_concurrent_requests(arguments.max_concurrent_requests)
        .max_connections(arguments.max_connections)
        .max_memory(arguments.max_memory.saturating_mul(1024 * 1024))
        .min_body_rate(arguments.min_body_rate)
        .grace_period(arguments.grace_period)
        .emulate_rate_limits(arguments.emulate_rate_limits);
    if let Some(uploads) = arguments.max_concurrent_uploads {
        builder = builder.max_concurrent_uploads(uploads);
    }
    if let Some(token) = token {
        builder = builder.token(token);
    }
    // Clients use the name that the server listens on.
    for host in arguments.allow_host.iter().map(String::as_str).chain(arguments.listen.name()) {
        builder = builder.allow_host(host);
    }
    let server = builder.build().map_err(|error| error.to_string())?;
    let check = |address| server.check_address(address).map_err(|error| error.to_string());
    let (listener, address) = arguments.listen.bind(check).await?;
    let metrics = match &arguments.metrics_listen {
        Some(address) => Some(address.bind(|_| Ok(())).await?),
        None => None,
    };

    tracing::info!(account_id = server.account_id(), "serving account");
    if let Some((_, address)) = &metrics {
        tracing::info!("metrics on http://{address}/metrics");
    }
    announce(address).map_err(failed("cannot write to stdout"))?;

    let (stop, stopped) = watch::channel(());
    let stopped = || {
        let mut stopped = stopped.clone();
        async move {
            // An error means that the sender is dropped, which is the signal too.
            let _ = stopped.changed().await;
        }
    };
    let metrics = async {
        match metrics {
            Some((listener, _)) => server.serve_metrics(listener, stopped()).await,
            None => Ok(()),
        }
    };
    let serving = async { tokio::try_join!(server.serve(listener, stopped()), metrics) };
    let signal = async {
        signals.next().await;
        tracing::info!("shutting down: waiting for requests under way (a second signal stops at once)");
        drop(stop);
        signals.end_at_once().await
    };
    tokio::select! {
        outcome = serving => outcome.map(|_| ()).map_err(|error| error.to_string()),
        never = signal => match never {},
    }
}

/// Writes the one line of stdout, which tells a parent process the port.
fn announce(address: SocketAddr) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "listening on http://{address}")?;
    stdout.flush()
}

fn failed<E: Display>(what: &str) -> impl FnOnce(E) -> String {
    move |error| format!("{what}: {error}")
}
