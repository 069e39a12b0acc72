//! The connections of a listener.

use std::{error::Error as StdError, io, pin::pin, time::Duration};

use bytes::Bytes;
use http_body::Body;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinError, JoinSet},
    time,
};
use tokio_io_timeout::TimeoutStream;

use crate::fragment_guard::FragmentGuard;

/// How long to wait for a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// For the headers of a connection's next request.
    pub(crate) header: Duration,
    /// For more of a request's body, and for room to send more of an answer.
    pub(crate) stall: Duration,
    /// For what is under way at shutdown.
    pub(crate) grace: Duration,
}

/// The most that a connection keeps of a request's headers, or reads of its body at once.
const MAX_BUFFER_BYTES: usize = 128 * 1024;
/// How long to leave a listener alone that has no room for a connection, such as a file descriptor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Accepts connections until `shutdown` is ready, then lets those end that are under way.
pub(crate) async fn serve<S, B>(
    listener: TcpListener,
    timeouts: Timeouts,
    shutdown: impl Future<Output = ()> + Send,
    service: impl Fn() -> S + Send,
) where
    S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(timeouts.header).max_buf_size(MAX_BUFFER_BYTES);
    let (mut connections, graceful) = (JoinSet::new(), GracefulShutdown::new());
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            // So that ended ones are not kept.
            Some(ended) = connections.join_next() => {
                note(&ended);
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = http.serve_connection(with_timeout(stream, timeouts.stall), service());
                connections.spawn(graceful.watch(connection));
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if time::timeout(timeouts.grace, graceful.shutdown()).await.is_err() {
        while connections.try_join_next().is_some() {}
        tracing::warn!(connections = connections.len(), "the grace period is over: connections are cut off");
    }
}

type Io = TokioIo<FragmentGuard<std::pin::Pin<Box<TimeoutStream<TcpStream>>>>>;

fn with_timeout(stream: TcpStream, stall: Duration) -> Io {
    // An answer is written at once, so there is nothing to gain from waiting for more.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps Nagle's algorithm");
    }
    let mut stream = TimeoutStream::new(stream);
    // Not for reading: a connection reads, to see its end, while a request is under way. Bodies have a timeout of their
    // own, headers have the builder's.
    stream.set_write_timeout(Some(stall));
    TokioIo::new(FragmentGuard::new(Box::pin(stream)))
}

/// Notes how a connection ended. What its client did wrong is nobody's business; a panic is a mistake of this crate.
fn note(ended: &Result<hyper::Result<()>, JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection ended early"),
        Err(error) => tracing::error!(%error, "a request was not answered"),
    }
}

/// Whether the error is about one connection and says nothing of the next.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
