//! Draining of the unread rest of a request body.

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

/// Maximum number of bytes that are drained: the longest body of any endpoint, and two thirds of that for
/// clients that exceed it. Of a longer body, some more is drained by the connection's lingering close.
const MAX_BYTES: u64 = MAX_BULK_BYTES as u64 / 3 * 5;
/// Time limit of a drain.
const MAX_TIME: Duration = Duration::from_secs(300);
/// Minimum rate of the client, in bytes per second.
const MIN_RATE: u64 = 256 * 1024;
/// Time by which it may fall behind that rate.
const MAX_LAG: Duration = Duration::from_secs(10);

/// Body whose unread rest is drained on drop (up to 166 MB, 300 s).
///
/// Closing a connection with unread data resets it, so a client that sends its whole body before it reads the
/// response (workerd and most other clients do) would see a network error instead of the response.
struct DrainOnDrop {
    body: Body,
    is_finished: bool,
}

/// Makes a request's body drain on drop, unless it is empty or the client waits for `100 Continue`.
pub(crate) fn drain_on_drop(request: Request) -> Request {
    if request.body().is_end_stream() || request.headers().contains_key(EXPECT) {
        return request;
    }
    request.map(|body| Body::new(DrainOnDrop { body, is_finished: false }))
}

impl HttpBody for DrainOnDrop {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.is_finished |= matches!(frame, Poll::Ready(None | Some(Err(_))));
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
        if self.is_finished || self.is_end_stream() {
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
        // One byte per second, and the minimum rate.
        let (bytes, time) = drained(1, Duration::from_secs(1)).await;
        assert!(bytes < 20 && time < MAX_LAG + Duration::from_secs(1), "{bytes} {time:?}");
        let (bytes, time) = drained(rate, Duration::from_secs(1)).await;
        assert_eq!((bytes, time), (MIN_RATE * MAX_TIME.as_secs(), MAX_TIME));
    }
}
