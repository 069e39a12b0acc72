//! What becomes of a body that an answer leaves unread.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::header::EXPECT,
};
use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body::{Frame, SizeHint};
use tokio::{runtime::Handle, time};

/// More is not read on: twice the longest value.
const MAX_BYTES: usize = 2 * kv_core::limits::MAX_VALUE_BYTES;
const MAX_TIME: Duration = Duration::from_secs(10);

/// A body of which what is unread when it is dropped is read on and thrown away, within bounds.
///
/// A connection that is closed on unread data is reset, so a client that sends its whole body before it looks at the
/// answer (workerd does) would see a network error instead of the refusal.
struct ReadOn {
    body: Body,
    is_over: bool,
}

/// The request with a body that is read on, unless there is none, or its client waits to be told to send it.
pub(crate) fn read_on(request: Request) -> Request {
    if request.body().is_end_stream() || request.headers().contains_key(EXPECT) {
        return request;
    }
    request.map(|body| Body::new(ReadOn { body, is_over: false }))
}

impl HttpBody for ReadOn {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.is_over |= matches!(frame, Poll::Ready(None | Some(Err(_))));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for ReadOn {
    fn drop(&mut self) {
        if self.is_over || self.is_end_stream() {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(time::timeout(MAX_TIME, discard(std::mem::take(&mut self.body))));
        }
    }
}

async fn discard(body: Body) {
    let (mut chunks, mut discarded) = (body.into_data_stream(), 0);
    while let Some(Ok(chunk)) = chunks.next().await {
        discarded += chunk.len();
        if discarded > MAX_BYTES {
            return;
        }
    }
}
