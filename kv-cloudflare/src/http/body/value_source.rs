//! Source of a value that is written while it comes.

use std::{error::Error as StdError, fmt, pin::Pin};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use kv_core::{InvalidInput, limits};
use tokio::io::AsyncRead;
use tokio_util::io::ReaderStream;

use crate::http::body::bytes_body::MAX_FRAME_BYTES;

pub(crate) type Cause = Box<dyn StdError + Send + Sync>;

pub(crate) type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Cause>> + Send>>;

/// The bytes of a value that [`put_stream`](crate::CloudflareNamespace::put_stream) writes while they come, so that they are never in
/// memory together.
///
/// Its bytes can be had once, unless it is made by [`repeatable`](Self::repeatable): a request that failed after the first of them was
/// taken is not sent again then.
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

/// Source of the bytes.
pub(crate) enum Opener {
    /// `None` once they were taken.
    Once(Option<Chunks>),
    Repeatable(Box<dyn FnMut() -> Chunks + Send>),
}

impl ValueSource {
    /// The bytes of a stream.
    pub fn new<S, B, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes> + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
    {
        Self { opener: Opener::Once(Some(chunks(stream))), length: None }
    }

    /// The bytes of a reader: a file, say.
    pub fn from_reader(reader: impl AsyncRead + Send + 'static) -> Self {
        Self::new(ReaderStream::with_capacity(reader, MAX_FRAME_BYTES))
    }

    /// The bytes of the stream that `open` makes, each time a new one from the start. So a request that failed is sent again, as
    /// with a value in memory.
    pub fn repeatable<S, B, E>(mut open: impl FnMut() -> S + Send + 'static) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes> + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
    {
        Self { opener: Opener::Repeatable(Box::new(move || chunks(open()))), length: None }
    }

    /// Says how many bytes there are, which the service then knows from the start. A source that has more or fewer is an error, and
    /// nothing is written.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::ValueTooLong`] if that is more than a value may have: 26,214,400 bytes.
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
