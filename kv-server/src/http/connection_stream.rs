//! Socket of a connection, and the lingering close that lets a client read its response.

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

/// Time limit for a client to close its end.
const MAX_LINGER_TIME: Duration = Duration::from_secs(10);
/// Longest pause between two reads meanwhile.
const MAX_LINGER_PAUSE: Duration = Duration::from_secs(2);
/// Maximum number of bytes that are drained from a client that goes on sending.
const MAX_LINGER_BYTES: u64 = 256 * 1024 * 1024;
const LINGER_BUFFER_BYTES: usize = 16 * 1024;

type Socket = Pin<Box<TimeoutStream<TcpStream>>>;

/// Socket of a connection, handed over to a [`Lingering`] on drop.
#[derive(Debug)]
pub(crate) struct ConnectionStream {
    /// `Some` until the drop.
    socket: Option<Socket>,
    /// Set once the client has closed its end, or the connection broke.
    is_over: bool,
    lingering: Lingering,
}

/// Lingering close of a connection that the server closes first.
///
/// Closing a socket with unread data resets the connection, and the reset may overtake the response: a client
/// that is still sending would see a network error instead. So the server closes its half, and drains the
/// other one for a while.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lingering(Arc<Mutex<Option<Socket>>>);

impl ConnectionStream {
    /// Wraps a socket. Writes fail if they make no progress for `stall`.
    pub(crate) fn new(socket: TcpStream, stall: Duration) -> (Self, Lingering) {
        // A response is written in one go, so Nagle's algorithm only delays it.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let mut socket = TimeoutStream::new(socket);
        // No timeout for reads: hyper reads while a request is under way, to notice a disconnect. Bodies and
        // heads have timeouts of their own.
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
    /// Waits for the client to close its end. Call it after the stream is dropped.
    pub(crate) async fn finish(self) {
        let socket = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(socket) = socket {
            // After that the socket is closed, whatever is unread.
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
