//! Draining of a body that an answer leaves unread.

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
use tokio::{
    runtime::Handle,
    time::{self, Instant},
};

use crate::http::body_rules::MAX_BULK_BYTES;

/// More is not drained: as much as the longest body of any endpoint, and two thirds of it. Of what is longer, some more is
/// drained while the connection is closed.
const MAX_BYTES: u64 = MAX_BULK_BYTES as u64 / 3 * 5;
/// Longest time for that.
const MAX_TIME: Duration = Duration::from_secs(300);
/// The lowest rate, in bytes per second, and by how much a client may fall behind it.
const MIN_RATE: u64 = 256 * 1024;
const MAX_LAG: Duration = Duration::from_secs(10);

/// A body of which what is unread when it is dropped is drained, within bounds.
///
/// A connection that is closed on unread data is reset, so a client that sends its whole body before it looks at the
/// answer (workerd does, and most clients do) would see a network error instead of the refusal.
struct DrainOnDrop {
    body: Body,
    is_over: bool,
}

/// The request with a body that is drained, unless there is none, or its client waits to be told to send it.
pub(crate) fn drain_on_drop(request: Request) -> Request {
    if request.body().is_end_stream() || request.headers().contains_key(EXPECT) {
        return request;
    }
    request.map(|body| Body::new(DrainOnDrop { body, is_over: false }))
}

impl HttpBody for DrainOnDrop {
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

impl Drop for DrainOnDrop {
    fn drop(&mut self) {
        if self.is_over || self.is_end_stream() {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(drain(std::mem::take(&mut self.body)));
        }
    }
}

async fn drain(body: Body) {
    let started = Instant::now();
    let mut chunks = body.into_data_stream();
    let mut drained = 0;
    while drained <= MAX_BYTES {
        let earned = Duration::from_millis(drained * 1000 / MIN_RATE);
        let chunk = time::timeout_at(started + MAX_TIME.min(MAX_LAG + earned), chunks.next()).await;
        let Ok(Some(Ok(chunk))) = chunk else { return };
        drained += chunk.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU64, Ordering::Relaxed},
        time::Duration,
    };

    use axum::body::{Body, Bytes};
    use futures_util::{StreamExt as _, stream};
    use tokio::time;

    use super::{MAX_BYTES, MAX_LAG, MAX_TIME, MIN_RATE, drain};

    #[tokio::test(start_paused = true)]
    async fn draining_is_bounded_in_bytes_rate_and_time() {
        static SENT: AtomicU64 = AtomicU64::new(0);
        let body = |bytes: usize, pause: Duration| {
            let chunk = Bytes::from(vec![0; bytes]);
            Body::from_stream(stream::repeat(chunk).then(move |chunk| async move {
                time::sleep(pause).await;
                SENT.fetch_add(chunk.len() as u64, Relaxed);
                Ok::<_, std::io::Error>(chunk)
            }))
        };
        let drained = async |bytes: usize, pause: Duration| {
            SENT.store(0, Relaxed);
            let started = time::Instant::now();
            drain(body(bytes, pause)).await;
            (SENT.load(Relaxed), started.elapsed())
        };
        let rate = usize::try_from(MIN_RATE).unwrap();
        let (bytes, time) = drained(1 << 20, Duration::ZERO).await;
        assert!((MAX_BYTES..=MAX_BYTES + (1 << 20)).contains(&bytes) && time == Duration::ZERO, "{bytes}");
        // One byte per second, and the lowest rate.
        let (bytes, time) = drained(1, Duration::from_secs(1)).await;
        assert!(bytes < 20 && time < MAX_LAG + Duration::from_secs(1), "{bytes} {time:?}");
        let (bytes, time) = drained(rate, Duration::from_secs(1)).await;
        assert_eq!((bytes, time), (MIN_RATE * MAX_TIME.as_secs(), MAX_TIME));
    }
}
