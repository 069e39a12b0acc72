//! Source of a value that is written as a stream.

use std::{error::Error as StdError, fmt, pin::Pin};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use kv_core::{InvalidInput, limits};
use tokio::io::AsyncRead;
use tokio_util::io::ReaderStream;

use crate::http::body::bytes_body::MAX_FRAME_BYTES;

pub(crate) type Cause = Box<dyn StdError + Send + Sync>;

pub(crate) type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Cause>> + Send>>;

/// Bytes of a value that [`put_stream`](crate::CloudflareNamespace::put_stream) writes while they arrive, so
/// that they are never all in memory.
///
/// Its bytes can be read once, unless it is made by [`repeatable`](Self::repeatable). A request that failed
/// after the first byte was read is then not sent again.
///
/// ```
/// use futures_util::stream;
/// use kv_cloudflare::ValueSource;
///
/// let lines = stream::iter(["one\n", "two\n"].map(Ok::<_, std::io::Error>));
/// let source = ValueSource::new(lines).with_length(8)?;
/// # let _ = source;
/// assert!(ValueSource::from_reader(tokio::io::empty()).with_length(26_214_401).is_err());
/// # Ok::<(), kv_core::Error>(())
/// ```
pub struct ValueSource {
    pub(crate) opener: Opener,
    pub(crate) length: Option<u64>,
}

/// Chunks of a source, or a way to make them.
pub(crate) enum Opener {
    /// `None` once they are being read.
    Once(Option<Chunks>),
    Repeatable(Box<dyn FnMut() -> Chunks + Send>),
}

impl ValueSource {
    /// Returns a source of the bytes of a stream.
    pub fn new<S, B, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes> + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
    {
        Self { opener: Opener::Once(Some(chunks(stream))), length: None }
    }

    /// Returns a source of the bytes of a reader, such as a file.
    pub fn from_reader(reader: impl AsyncRead + Send + 'static) -> Self {
        Self::new(ReaderStream::with_capacity(reader, MAX_FRAME_BYTES))
    }

    /// Returns a source of the bytes of the stream that `open` returns, each time a new one from the start.
    /// So a request that failed can be sent again, like that of a value in memory.
    pub fn repeatable<S, B, E>(mut open: impl FnMut() -> S + Send + 'static) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes> + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
    {
        Self { opener: Opener::Repeatable(Box::new(move || chunks(open()))), length: None }
    }

    /// Sets the number of bytes, which the service then knows from the start. If the source has more or
    /// fewer, the call fails and nothing is written.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::ValueTooLong`] for more than 26,214,400 bytes.
    pub fn with_length(mut self, bytes: u64) -> Result<Self, InvalidInput> {
        if bytes > MAX_LENGTH {
            return Err(InvalidInput::ValueTooLong { len: usize::try_from(bytes).unwrap_or(usize::MAX) });
        }
        self.length = Some(bytes);
        Ok(self)
    }
}

impl fmt::Debug for ValueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValueSource").field("length", &self.length).finish_non_exhaustive()
    }
}

pub(crate) const MAX_LENGTH: u64 = limits::MAX_VALUE_BYTES as u64;

fn chunks<S, B, E>(stream: S) -> Chunks
where
    S: Stream<Item = Result<B, E>> + Send + 'static,
    B: Into<Bytes> + 'static,
    E: Into<Cause> + 'static,
{
    stream.map_ok(Into::into).map_err(Into::into).boxed()
}
