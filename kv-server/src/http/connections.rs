//! Connections of a listener: accepting, bounding, serving and shutting down.

use std::{error::Error as StdError, future, io, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body::Body;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{JoinError, JoinSet},
    time,
};

use crate::http::{
    connection_stream::ConnectionStream, fragment_guard::FragmentGuard, spare_descriptor::SpareDescriptor,
};

/// Time limits for clients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// For the headers of a connection's next request.
    pub(crate) header: Duration,
    /// Between two parts of a request's body, and between two parts of a response that the client reads.
    pub(crate) stall: Duration,
    /// For requests that are under way at shutdown.
    pub(crate) grace: Duration,
}

/// Treatment of a connection's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Served,
    /// The connection is one too many: its requests are answered 503, and it is closed.
    Refused,
}

/// Maximum length of a request's head, and so of what a client can make a connection buffer before it has
/// shown a token. The longest key, with every byte escaped, and the longest metadata take 3 KiB.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// Maximum size of a connection's buffers: one for reading request bodies, one for writing responses.
const MAX_BUFFER_BYTES: usize = 128 * 1024;
/// Pause after a failed `accept`, cut short when a connection ends.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// Maximum number of connections beyond `max_connections` that are answered 503 at a time.
const MAX_REFUSED: usize = 16;
/// Time limit for such a connection to send its request and to read the response.
const REFUSED_TIMEOUT: Duration = Duration::from_secs(5);
/// The same while [`MAX_REFUSED`] slots are taken, since more connections may be waiting behind them. A
/// client that sends its request at once has its response by then.
const EVICTION_TIMEOUT: Duration = Duration::from_millis(500);
/// Interval between checks for a free slot.
const EVICTION_INTERVAL: Duration = Duration::from_millis(10);

/// Accepts connections until `shutdown` is ready, then waits for those under way, for the grace period at
/// most. `service` makes the service of a connection: `max_connections` at once are served, a few more are
/// refused.
pub(crate) async fn serve<S, B>(
    listener: TcpListener,
    max_connections: usize,
    timeouts: Timeouts,
    shutdown: impl Future<Output = ()> + Send,
    service: impl Fn(Admission) -> S + Send,
) where
    S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let slots = Slots::new(max_connections);
    let mut spare = SpareDescriptor::new();
    let mut connections = JoinSet::new();
    let graceful = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    let mut is_short = false;
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            // Ended tasks would pile up otherwise.
            Some(ended) = connections.join_next() => {
                log_connection_end(&ended);
                continue;
            }
            accepted = slots.accept(&listener) => accepted,
        };
        match accepted {
            Ok((socket, slot)) => {
                spare.restore();
                is_short &= spare.is_used();
                // The spare descriptor has to be free for the next connection soon.
                let admission = if spare.is_used() { Admission::Refused } else { slot.admission };
                let connection =
                    connection(socket, admission, timeouts, service(admission), graceful.watcher());
                let until_evicted = slots.until_evicted(admission, spare.is_used());
                connections.spawn(async move {
                    let _slot = slot;
                    tokio::select! {
                        ended = connection => ended,
                        () = until_evicted => Ok(()),
                    }
                });
            }
            Err(error) if is_client_error(&error) => {}
            Err(error) => {
                if !is_short {
                    tracing::warn!(%error, "cannot accept connections: retrying");
                    is_short = true;
                }
                if spare.use_up(&error) {
                    continue;
                }
                tokio::select! {
                    Some(ended) = connections.join_next() => log_connection_end(&ended),
                    () = time::sleep(ACCEPT_PAUSE) => {}
                }
                spare.restore();
            }
        }
    }
    drop(listener);
    if time::timeout(timeouts.grace, graceful.shutdown()).await.is_err() {
        while connections.try_join_next().is_some() {}
        tracing::warn!(connections = connections.len(), "grace period is over: closing connections");
    }
}

/// Answers the requests of a connection, then closes it.
async fn connection<S, B>(
    socket: TcpStream,
    admission: Admission,
    timeouts: Timeouts,
    service: S,
    watcher: Watcher,
) -> hyper::Result<()>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let (header, stall) = match admission {
        Admission::Served => (timeouts.header, timeouts.stall),
        Admission::Refused => (timeouts.header.min(REFUSED_TIMEOUT), timeouts.stall.min(REFUSED_TIMEOUT)),
    };
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(header)
        .max_header_size(MAX_HEADER_BYTES)
        .max_buf_size(MAX_BUFFER_BYTES);
    let (stream, lingering) = ConnectionStream::new(socket, stall);
    let ended = watcher.watch(http.serve_connection(TokioIo::new(FragmentGuard::new(stream)), service)).await;
    lingering.finish().await;
    ended
}

/// Bounds on connections: those that are served, and those that are refused.
#[derive(Debug)]
struct Slots {
    served: Arc<Semaphore>,
    refused: Arc<Semaphore>,
}

/// Slot of a connection, released on drop.
#[derive(Debug)]
struct Slot {
    admission: Admission,
    _permit: OwnedSemaphorePermit,
}

impl Slots {
    fn new(max_connections: usize) -> Self {
        let max_connections = max_connections.min(Semaphore::MAX_PERMITS);
        Self {
            served: Arc::new(Semaphore::new(max_connections)),
            refused: Arc::new(Semaphore::new(MAX_REFUSED)),
        }
    }

    /// Accepts the next connection once there is a slot for it. Until then it waits in the listener's queue.
    async fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, Slot)> {
        let permit = tokio::select! {
            biased;
            permit = Arc::clone(&self.served).acquire_owned() => Ok(permit),
            permit = Arc::clone(&self.refused).acquire_owned() => Err(permit),
        };
        let (socket, _) = listener.accept().await?;
        // A slot may have come free meanwhile.
        let late = Arc::clone(&self.served).try_acquire_owned();
        let slot = match (permit, late) {
            (Ok(Ok(permit)), _) | (Err(_), Ok(permit)) => {
                Slot { admission: Admission::Served, _permit: permit }
            }
            (Err(Ok(permit)), Err(_)) => Slot { admission: Admission::Refused, _permit: permit },
            // The semaphores are never closed.
            (Ok(Err(_)) | Err(Err(_)), _) => return Err(io::ErrorKind::Other.into()),
        };
        Ok((socket, slot))
    }

    /// Ends when a refused connection has to make way for the next one; if it holds the spare descriptor
    /// (`is_last`), after [`EVICTION_TIMEOUT`] in any case. Never ends for a connection that is served.
    fn until_evicted(&self, admission: Admission, is_last: bool) -> impl Future<Output = ()> + use<> {
        let refused = Arc::clone(&self.refused);
        async move {
            if admission == Admission::Served {
                return future::pending().await;
            }
            time::sleep(EVICTION_TIMEOUT).await;
            // The first to see it frees one slot, so no more connections are closed than are waiting.
            while !is_last && refused.available_permits() > 0 {
                time::sleep(EVICTION_INTERVAL).await;
            }
        }
    }
}

/// Logs the end of a connection: a client's fault at debug level, a panic, which is a bug of this crate, as
/// an error.
fn log_connection_end(ended: &Result<hyper::Result<()>, JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "connection ended early"),
        Err(error) => tracing::error!(%error, "request was not answered: its task panicked"),
    }
}

/// `true` if the error is about one connection and says nothing about the next.
fn is_client_error(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
