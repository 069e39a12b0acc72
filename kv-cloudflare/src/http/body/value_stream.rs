//! Stream of a value that is read while it arrives.

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

/// Bytes of a value, as [`get_stream`](crate::CloudflareNamespace::get_stream) returns them: a stream of
/// chunks, which holds one of them at a time.
///
/// It ends after the last byte or after an error; without an error, all bytes have arrived. A connection that
/// breaks in the middle is an error, since a download is not started again. The call's total time ends with
/// the first byte; from then on, the stream fails only if nothing arrives for the `read_timeout` while the
/// caller waits.
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

    /// Returns the number of bytes, if the service announces it. Cloudflare does.
    #[must_use]
    pub const fn length(&self) -> Option<u64> {
        self.length
    }

    /// Returns the time at which the entry expires; `None` if it does not.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// Returns a reader of the same bytes. The [`Error`] is within the [`io::Error`].
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

/// Rest of a response's body.
struct Body {
    response: Response,
    /// Longest time in which nothing may arrive.
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
    errors::body_too_large(limits::MAX_VALUE_BYTES)
}
