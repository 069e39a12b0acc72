//! The connections of a listener.

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

/// Longest waits for a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// For the headers of a connection's next request.
    pub(crate) header: Duration,
    /// For more of a request's body, and for room to send more of an answer.
    pub(crate) stall: Duration,
    /// For what is under way at shutdown.
    pub(crate) grace: Duration,
}

/// Treatment of a connection's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Served,
    /// Too many connections are there: it is told so, and closed.
    Refused,
}

/// The most that a request's headers may take, and so what a connection may hold before it is known who sends them. The
/// longest key, all of it escaped, and the longest metadata take 3 KiB.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// The most that a connection reads of a body, or holds of an answer, at once.
const MAX_BUFFER_BYTES: usize = 128 * 1024;
/// Pause of a listener that has no room for a connection, unless one ends meanwhile.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// The connections, beyond those that are served, that may wait to be told that they are too many.
const MAX_REFUSED: usize = 16;
/// Time in which one of these has to ask, and to read the answer.
const REFUSED_TIMEOUT: Duration = Duration::from_secs(5);
/// The same while as many wait to be told as may: others are behind them, and those that ask have been answered by then.
const CROWDED_TIMEOUT: Duration = Duration::from_millis(500);
/// Pause between looks if it is so still.
const CROWDED_PAUSE: Duration = Duration::from_millis(10);

/// Accepts connections until `shutdown` is ready, then lets those end that are under way. `service` answers the requests
/// of `max_connections` at once, and refuses those of a few more.
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
    let places = Places::new(max_connections);
    let mut spare = SpareDescriptor::new();
    let (mut connections, graceful) = (JoinSet::new(), GracefulShutdown::new());
    let mut shutdown = pin!(shutdown);
    let mut is_short = false;
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            // So that ended ones are not kept.
            Some(ended) = connections.join_next() => {
                log_connection_end(&ended);
                continue;
            }
            accepted = places.accept(&listener) => accepted,
        };
        match accepted {
            Ok((socket, place)) => {
                spare.restore();
                is_short &= spare.is_used();
                // The last descriptor is for those that come next.
                let admission = if spare.is_used() { Admission::Refused } else { place.admission };
                let connection =
                    connection(socket, admission, timeouts, service(admission), graceful.watcher());
                let crowded_out = places.crowded_out(admission, spare.is_used());
                connections.spawn(async move {
                    let _place = place;
                    tokio::select! {
                        ended = connection => ended,
                        () = crowded_out => Ok(()),
                    }
                });
            }
            Err(error) if is_client_error(&error) => {}
            Err(error) => {
                if !is_short {
                    tracing::warn!(%error, "a connection could not be accepted; it is tried again");
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
        tracing::warn!(connections = connections.len(), "the grace period is over: connections are cut off");
    }
}

/// Answers the requests of a connection, and closes it.
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

/// Places for connections.
#[derive(Debug)]
struct Places {
    served: Arc<Semaphore>,
    refused: Arc<Semaphore>,
}

/// A place of a connection, given back when it is dropped.
#[derive(Debug)]
struct Place {
    admission: Admission,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    fn new(max_connections: usize) -> Self {
        let max_connections = max_connections.min(Semaphore::MAX_PERMITS);
        Self {
            served: Arc::new(Semaphore::new(max_connections)),
            refused: Arc::new(Semaphore::new(MAX_REFUSED)),
        }
    }

    /// The next connection, once there is a place for it. Until then it waits in the listener's queue.
    async fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, Place)> {
        let permit = tokio::select! {
            biased;
            permit = Arc::clone(&self.served).acquire_owned() => Ok(permit),
            permit = Arc::clone(&self.refused).acquire_owned() => Err(permit),
        };
        let (socket, _) = listener.accept().await?;
        // One may have come free meanwhile.
        let late = Arc::clone(&self.served).try_acquire_owned();
        let place = match (permit, late) {
            (Ok(Ok(permit)), _) | (Err(_), Ok(permit)) => {
                Place { admission: Admission::Served, _permit: permit }
            }
            (Err(Ok(permit)), Err(_)) => Place { admission: Admission::Refused, _permit: permit },
            // They are never closed.
            (Ok(Err(_)) | Err(Err(_)), _) => return Err(io::ErrorKind::Other.into()),
        };
        Ok((socket, place))
    }

    /// Ends when a connection that is refused has to make room for the next one, as it always has to if it
    /// has the last descriptor.
    fn crowded_out(&self, admission: Admission, is_last: bool) -> impl Future<Output = ()> + use<> {
        let refused = Arc::clone(&self.refused);
        async move {
            if admission == Admission::Served {
                return future::pending().await;
            }
            time::sleep(CROWDED_TIMEOUT).await;
            // The first to see it makes room for one, so no more are cut off than there are others.
            while !is_last && refused.available_permits() > 0 {
                time::sleep(CROWDED_PAUSE).await;
            }
        }
    }
}

/// Notes how a connection ended. What its client did wrong is nobody's business; a panic is a mistake of this crate.
fn log_connection_end(ended: &Result<hyper::Result<()>, JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection ended early"),
        Err(error) => tracing::error!(%error, "a request was not answered"),
    }
}

/// True if the error is about one connection and says nothing of the next.
fn is_client_error(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
