//! Body of a request that streams the bytes of a source.

use std::{
    error::Error as StdError,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::StreamExt;
use http_body::{Body, Frame, SizeHint};
use kv_core::{Error, ErrorKind, InvalidInput};

use crate::{
    api::errors,
    http::body::{
        bytes_body::{MAX_FRAME_BYTES, Progress},
        value_source::{Cause, Chunks, MAX_LENGTH, Opener, ValueSource},
    },
};

/// Source that the attempts of one call share.
#[derive(Debug, Clone)]
pub(crate) struct SharedSource {
    state: Arc<Mutex<State>>,
    /// `None` if it is unknown, and if it is zero: the source of an empty body would never be polled, so
    /// never be checked.
    length: Option<u64>,
}

struct State {
    opener: Opener,
    /// Error of the source itself.
    error: Option<Error>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("error", &self.error).finish_non_exhaustive()
    }
}

impl SharedSource {
    pub(crate) fn new(source: ValueSource) -> Self {
        let ValueSource { opener, length } = source;
        let state = Arc::new(Mutex::new(State { opener, error: None }));
        Self { state, length: length.filter(|length| *length > 0) }
    }

    pub(crate) const fn length(&self) -> Option<u64> {
        self.length
    }

    /// `true` if another attempt can read all bytes.
    pub(crate) fn can_repeat(&self) -> bool {
        let state = self.state();
        state.error.is_none() && !matches!(state.opener, Opener::Once(None))
    }

    /// Returns the error of the source itself. The service saw only a body that broke off.
    pub(crate) fn error(&self) -> Option<Error> {
        self.state().error.clone()
    }

    /// Returns the body of one attempt.
    pub(crate) fn body(&self, progress: Progress) -> SourceBody {
        SourceBody {
            source: self.clone(),
            chunks: None,
            chunk: Bytes::new(),
            taken: 0,
            has_ended: false,
            progress,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the chunks from the start; `None` if they were read before.
    fn open(&self) -> Option<Chunks> {
        match &mut self.state().opener {
            Opener::Once(chunks) => chunks.take(),
            Opener::Repeatable(open) => Some(open()),
        }
    }
}

/// Body of a request that streams the bytes of a source. It breaks off if the source fails, or has more or
/// fewer bytes than it may have: the service does not write an incomplete value.
#[derive(Debug)]
pub(crate) struct SourceBody {
    source: SharedSource,
    /// `None` until the first byte is needed. The lock, which is never taken, makes the body `Sync`.
    chunks: Option<Mutex<DebugChunks>>,
    /// Rest of the last chunk.
    chunk: Bytes,
    /// Number of bytes in all chunks so far.
    taken: u64,
    has_ended: bool,
    progress: Progress,
}

struct DebugChunks(Chunks);

impl fmt::Debug for DebugChunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chunks")
    }
}

/// Failure of the source, whose error is kept in [`SharedSource`].
#[derive(Debug)]
pub(crate) struct SourceFailedError;

impl fmt::Display for SourceFailedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the source of the value failed")
    }
}

impl StdError for SourceFailedError {}

impl SourceBody {
    fn fail(&mut self, error: Error) -> SourceFailedError {
        self.has_ended = true;
        self.chunk = Bytes::new();
        self.source.state().error = Some(error);
        SourceFailedError
    }

    /// Polls chunks until there is one with bytes that may be sent, or the end.
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<(), SourceFailedError>> {
        loop {
            // The last bytes of a known length wait for the end: HTTP would not poll for more once they are
            // sent.
            let is_whole = self.source.length == Some(self.taken);
            if self.has_ended || !(self.chunk.is_empty() || is_whole) {
                return Poll::Ready(Ok(()));
            }
            if self.chunks.is_none() {
                let Some(chunks) = self.source.open() else {
                    return Poll::Ready(Err(self.fail(spent())));
                };
                self.chunks = Some(Mutex::new(DebugChunks(chunks)));
            }
            let Some(chunks) = &mut self.chunks else { return Poll::Ready(Ok(())) };
            let chunks = chunks.get_mut().unwrap_or_else(PoisonError::into_inner);
            match ready!(chunks.0.poll_next_unpin(context)) {
                Some(Ok(chunk)) => {
                    let taken = self.taken.saturating_add(chunk.len() as u64);
                    if taken > self.source.length.unwrap_or(MAX_LENGTH) {
                        let error = too_long(self.source.length, taken);
                        return Poll::Ready(Err(self.fail(error)));
                    }
                    self.taken = taken;
                    if !chunk.is_empty() {
                        self.chunk = chunk;
                    }
                }
                Some(Err(cause)) => return Poll::Ready(Err(self.fail(failed(cause)))),
                None => {
                    self.has_ended = true;
                    if let Some(length) = self.source.length.filter(|length| *length != self.taken) {
                        let error = too_short(length, self.taken);
                        return Poll::Ready(Err(self.fail(error)));
                    }
                }
            }
        }
    }
}

impl Body for SourceBody {
    type Data = Bytes;
    type Error = SourceFailedError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, SourceFailedError>>> {
        if let Err(failed) = ready!(self.poll_chunk(context)) {
            return Poll::Ready(Some(Err(failed)));
        }
        if self.chunk.is_empty() {
            return Poll::Ready(None);
        }
        let len = self.chunk.len().min(MAX_FRAME_BYTES);
        let frame = self.chunk.split_to(len);
        self.progress.mark_frame();
        if self.is_end_stream() {
            self.progress.mark_end();
        }
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended && self.chunk.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match self.source.length {
            Some(length) => SizeHint::with_exact(
                length.saturating_sub(self.taken).saturating_add(self.chunk.len() as u64),
            ),
            None => SizeHint::default(),
        }
    }
}

fn too_long(length: Option<u64>, taken: u64) -> Error {
    match length {
        None => InvalidInput::ValueTooLong { len: usize::try_from(taken).unwrap_or(usize::MAX) }.into(),
        Some(length) => errors::new(
            ErrorKind::InvalidInput,
            format!("the source is longer than its length: {taken} bytes or more (announced {length})"),
        ),
    }
}

fn too_short(length: u64, taken: u64) -> Error {
    let message = format!("the source is shorter than its length: {taken} bytes (announced {length})");
    errors::new(ErrorKind::InvalidInput, message)
}

fn failed(cause: Cause) -> Error {
    errors::new(ErrorKind::Other, "the source of the value failed, so nothing was written: see the cause")
        .with_source(cause)
}

fn spent() -> Error {
    errors::new(ErrorKind::Other, "the source of the value was used up by an earlier attempt: make a new one")
}
