//! Stream of a value that is read while it comes.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt, stream};
use kv_core::{Error, Key, Result, Timestamp, limits};
use reqwest::Response;
use tokio::{io::AsyncRead, time::timeout};
use tokio_util::io::StreamReader;

use crate::api::errors;

/// The bytes of a value, as [`get_stream`](crate::CloudflareNamespace::get_stream) reads them: a stream of chunks, which holds one of
/// them at a time.
///
/// It ends with the last byte or with an error; without one, all bytes were there. What was begun is not begun again: a connection
/// that breaks in the middle is an error. The call's total time is over with the first byte; from then on an attempt is given up only
/// where nothing comes for the `read_timeout` while it is waited for.
pub struct ValueStream {
    length: Option<u64>,
    expires_at: Option<Timestamp>,
    chunks: Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>,
}

impl ValueStream {
    pub(crate) fn new(
        response: Response,
        expires_at: Option<Timestamp>,
        idle: Duration,
        key: Key<'static>,
    ) -> Result<Self> {
        let length = response.content_length();
        if length.is_some_and(|length| length > limits::MAX_VALUE_BYTES as u64) {
            return Err(too_long());
        }
        let body = Some(Body { response, idle, read: 0 });
        let chunks = stream::unfold(body, move |body| {
            let key = key.clone();
            async move {
                match body?.next().await {
                    Ok(Some((chunk, body))) => Some((Ok(chunk), Some(body))),
                    Ok(None) => None,
                    Err(error) => Some((Err(error.with_operation("get_stream").with_key(&key)), None)),
                }
            }
        });
        Ok(Self { length, expires_at, chunks: Box::pin(chunks) })
    }

    /// Number of bytes, if the service says it at the start. Cloudflare does.
    #[must_use]
    pub const fn length(&self) -> Option<u64> {
        self.length
    }

    /// Time at which the entry expires; `None` if it does not.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// The same bytes for what reads from a reader. The [`Error`] is within the [`io::Error`].
    pub fn into_reader(self) -> impl AsyncRead + Send + Unpin {
        StreamReader::new(self.chunks.map_err(io::Error::other))
    }
}

impl Stream for ValueStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        self.chunks.as_mut().poll_next(context)
    }
}

impl fmt::Debug for ValueStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValueStream")
            .field("length", &self.length)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The rest of an answer's body.
struct Body {
    response: Response,
    /// For how long nothing may come.
    idle: Duration,
    read: usize,
}

impl Body {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        let chunk = timeout(self.idle, self.response.chunk()).await;
        let chunk = chunk.map_err(|_| errors::idle(self.idle))?;
        let Some(chunk) = chunk.map_err(|broken| errors::connection(broken).error)? else { return Ok(None) };
        self.read = self.read.saturating_add(chunk.len());
        if self.read > limits::MAX_VALUE_BYTES {
            return Err(too_long());
        }
        Ok(Some((chunk, self)))
    }
}

fn too_long() -> Error {
    errors::unexpected_response("a value of more than 26,214,400 bytes")
}
