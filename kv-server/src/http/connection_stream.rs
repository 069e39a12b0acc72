//! The socket of a connection, and how it is closed.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::TcpStream,
    time,
};
use tokio_io_timeout::TimeoutStream;

/// Time in which a client has to close its end, in all and without a byte.
const MAX_LINGER_TIME: Duration = Duration::from_secs(10);
const MAX_LINGER_PAUSE: Duration = Duration::from_secs(2);
/// Most bytes that are read of a client that goes on sending.
const MAX_LINGER_BYTES: u64 = 256 * 1024 * 1024;
const LINGER_BUFFER_BYTES: usize = 16 * 1024;

type Socket = Pin<Box<TimeoutStream<TcpStream>>>;

/// The socket of a connection. It is left to a [`Lingering`] when it is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionStream {
    /// Kept until it is dropped.
    socket: Option<Socket>,
    /// Set once the client has closed its end, or the connection broke.
    is_over: bool,
    lingering: Lingering,
}

/// The end of a connection that the server closes first.
///
/// A socket that is closed with data unread resets the connection, and the reset may overtake the answer: a client that is
/// still sending would see an error instead. So the server closes its half, and reads on for a while.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lingering(Arc<Mutex<Option<Socket>>>);

impl ConnectionStream {
    /// Writing to it fails if it makes no progress for as long as `stall`.
    pub(crate) fn new(socket: TcpStream, stall: Duration) -> (Self, Lingering) {
        // An answer is written at once, so there is nothing to gain from waiting for more.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
        let mut socket = TimeoutStream::new(socket);
        // Not for reading: a connection reads, to see its end, while a request is under way. Bodies have a timeout of their
        // own, headers have the builder's.
        socket.set_write_timeout(Some(stall));
        let lingering = Lingering::default();
        let stream = Self { socket: Some(Box::pin(socket)), is_over: false, lingering: lingering.clone() };
        (stream, lingering)
    }

    fn poll<T>(
        mut self: Pin<&mut Self>,
        poll: impl FnOnce(Pin<&mut TimeoutStream<TcpStream>>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let Some(socket) = &mut self.socket else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let polled = poll(socket.as_mut());
        self.is_over |= matches!(polled, Poll::Ready(Err(_)));
        polled
    }
}

impl Drop for ConnectionStream {
    fn drop(&mut self) {
        if !self.is_over {
            *self.lingering.0.lock().unwrap_or_else(PoisonError::into_inner) = self.socket.take();
        }
    }
}

impl Lingering {
    /// Waits for the client to close its end, once the stream was dropped.
    pub(crate) async fn finish(self) {
        let socket = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(socket) = socket {
            // Beyond that it is closed as it is.
            let _ = time::timeout(MAX_LINGER_TIME, drain(socket)).await;
        }
    }
}

async fn drain(mut socket: Socket) -> io::Result<()> {
    socket.shutdown().await?;
    let mut buffer = vec![0; LINGER_BUFFER_BYTES];
    let mut drained = 0;
    while drained < MAX_LINGER_BYTES {
        let read = time::timeout(MAX_LINGER_PAUSE, socket.read(&mut buffer)).await??;
        if read == 0 {
            break;
        }
        drained += read as u64;
    }
    Ok(())
}

impl AsyncRead for ConnectionStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let room = buffer.remaining();
        let polled = self.as_mut().poll(|socket| socket.poll_read(context, buffer));
        self.is_over |= polled.is_ready() && room > 0 && buffer.filled().len() == before;
        polled
    }
}

impl AsyncWrite for ConnectionStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(|socket| socket.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll(|socket| socket.poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(|socket| socket.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(|socket| socket.poll_shutdown(context))
    }
}
