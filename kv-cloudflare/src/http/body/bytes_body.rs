//! Body of bytes in memory, and the progress of any body.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

/// Largest frame, so that progress on a slow line shows.
pub(crate) const MAX_FRAME_BYTES: usize = 64 * 1024;

/// Body of bytes in memory, sent without a copy and with its exact length.
#[derive(Debug)]
pub(crate) struct BytesBody {
    left: Bytes,
    progress: Progress,
}

/// Progress of a body: the time at which its last frame was handed to the connection.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    start: Instant,
    /// `None` if there is no body.
    state: Option<Arc<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Milliseconds after the start.
    last: AtomicU64,
    /// `true` once the whole body was handed over.
    has_ended: AtomicBool,
}

impl Progress {
    pub(crate) fn start(has_body: bool) -> Self {
        Self { start: Instant::now(), state: has_body.then(Arc::default) }
    }

    /// Returns the time at which a frame was handed over last, or the attempt began.
    pub(crate) fn last(&self) -> Instant {
        let last = self.state.as_ref().map_or(0, |state| state.last.load(Ordering::Relaxed));
        self.start + Duration::from_millis(last)
    }

    /// `true` while a part of the body is still to be handed over.
    pub(crate) fn is_under_way(&self) -> bool {
        self.state.as_ref().is_some_and(|state| !state.has_ended.load(Ordering::Relaxed))
    }

    pub(crate) fn mark_frame(&self) {
        if let Some(state) = &self.state {
            let since_start = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
            state.last.fetch_max(since_start, Ordering::Relaxed);
        }
    }

    pub(crate) fn mark_end(&self) {
        if let Some(state) = &self.state {
            state.has_ended.store(true, Ordering::Relaxed);
        }
    }
}

impl BytesBody {
    pub(crate) fn new(bytes: Bytes, progress: Progress) -> Self {
        if bytes.is_empty() {
            progress.mark_end();
        }
        Self { left: bytes, progress }
    }
}

impl Body for BytesBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let len = self.left.len().min(MAX_FRAME_BYTES);
        let frame = self.left.split_to(len);
        self.progress.mark_frame();
        if self.left.is_empty() {
            self.progress.mark_end();
        }
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}
