//! Requests under way: the permit, metrics and log event of each, and the pace at which its response is read.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    http::{Method, Response},
};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use percent_encoding::percent_decode_str;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use crate::{http::memory::Reservation, state::app_state::AppState};

/// Maximum size of a frame that is handed to a connection. The connection asks for the next one once this one
/// is sent, so a request counts as under way until its client has read nearly all of the response.
const MAX_FRAME_BYTES: usize = 128 * 1024;

/// Permits for requests under way. Those with a body may take a part of them only, so that clients that send
/// slowly leave the rest for others.
#[derive(Debug)]
pub(crate) struct Permits {
    requests: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
}

/// Permit of one request, released on drop.
#[derive(Debug)]
pub(crate) struct Permit {
    _request: OwnedSemaphorePermit,
    _upload: Option<OwnedSemaphorePermit>,
}

impl Permits {
    pub(crate) fn new(requests: usize, uploads: usize) -> Self {
        let permits = |permits: usize| Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        Self { requests: permits(requests), uploads: permits(uploads) }
    }

    /// Takes a permit; `None` if all are taken.
    pub(crate) fn take(&self, is_upload: bool) -> Option<Permit> {
        let take = |permits: &Arc<Semaphore>| Arc::clone(permits).try_acquire_owned().ok();
        let upload = if is_upload { Some(take(&self.uploads)?) } else { None };
        Some(Permit { _request: take(&self.requests)?, _upload: upload })
    }
}

/// Request under way. On drop it is over: counted in the metrics, and logged.
#[derive(Debug)]
pub(crate) struct InFlight {
    state: Arc<AppState>,
    /// `None` for a request that is answered however busy the server is.
    _permit: Option<Permit>,
    route: &'static str,
    method: &'static str,
    key_len: Option<usize>,
    status: Option<u16>,
    started: Duration,
}

impl InFlight {
    pub(crate) fn start(state: Arc<AppState>, permit: Option<Permit>, method: &Method) -> Self {
        state.metrics.started();
        let started = state.clock.monotonic();
        let method = label(method);
        Self { state, _permit: permit, route: "unknown", method, key_len: None, status: None, started }
    }

    /// Sets the route, for metrics and logs: a name from a small set.
    pub(crate) fn set_route(&mut self, route: &'static str) {
        self.route = route;
    }

    /// Sets the key, as sent. Only its length is logged.
    pub(crate) fn set_raw_key(&mut self, raw: &str) {
        if tracing::enabled!(tracing::Level::DEBUG) {
            self.key_len = Some(percent_decode_str(raw).count());
        }
    }

    /// Wraps the response: the request is over when the body is.
    pub(crate) fn respond(mut self, mut response: Response<Body>) -> Response<InFlightBody> {
        self.status = Some(response.status().as_u16());
        let reservation = Reservation::take_from(&mut response);
        let started = Instant::now();
        response.map(|body| InFlightBody {
            body,
            rest: Bytes::new(),
            taken: 0,
            started,
            _reservation: reservation,
            in_flight: self,
        })
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let took = self.state.clock.monotonic().saturating_sub(self.started);
        self.state.metrics.finished(self.route, self.method, self.status, took);
        let Self { route, method, status, key_len, .. } = self;
        tracing::debug!(route, method, status, key_len, duration = ?took, "request");
    }
}

/// Returns the label of a method, the same for all that clients do not use, so that no client can make up
/// labels.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::PUT => "PUT",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

/// Body of a response, with the request that is under way until the body ends.
#[derive(Debug)]
pub(crate) struct InFlightBody {
    body: Body,
    /// Rest of the last frame of `body`.
    rest: Bytes,
    /// Bytes that the connection has taken since `started`.
    taken: u64,
    started: Instant,
    /// Memory of the body, released when it is sent.
    _reservation: Option<Arc<Reservation>>,
    in_flight: InFlight,
}

#[derive(Debug, thiserror::Error)]
#[error("response is read too slowly")]
struct SlowReaderError;

impl HttpBody for InFlightBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // Polled once the client has read the last frame. A client that reads nothing runs into the write
        // timeout.
        let too_slow = self.in_flight.state.body_rules.too_slow_at(self.started, self.taken);
        if too_slow.is_some_and(|too_slow| too_slow < Instant::now()) {
            return Poll::Ready(Some(Err(axum::Error::new(SlowReaderError))));
        }
        if self.rest.is_empty() {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => self.rest = data,
                Some(Ok(Err(other))) => return Poll::Ready(Some(Ok(other))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let len = self.rest.len().min(MAX_FRAME_BYTES);
        self.taken += len as u64;
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(len)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let body = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower().saturating_add(rest));
        if let Some(upper) = body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use axum::{
        body::{Body, HttpBody as _},
        http::{Method, Response},
    };
    use futures_util::future::poll_fn;
    use tokio::time;

    use super::{InFlight, MAX_FRAME_BYTES};
    use crate::{
        http::{
            body_rules::BodyRules,
            memory::{MIN_BYTES, Memory},
        },
        state::app_state::AppState,
    };

    #[tokio::test(start_paused = true)]
    async fn a_client_may_fall_behind_the_minimum_rate_by_the_stall_timeout() {
        const STALL: Duration = Duration::from_secs(30);
        const FRAMES: usize = 20;
        let rate = u32::try_from(MAX_FRAME_BYTES / 10).unwrap();
        let memory = Memory::new(MIN_BYTES);
        let state = AppState::for_tests(BodyRules { stall_timeout: STALL, min_rate: rate, memory });
        // Each frame earns 10 s, on top of the stall timeout.
        for (pause, frames) in [(9, FRAMES), (12, 10), (25, 1), (31, 0)] {
            let in_flight = InFlight::start(Arc::clone(&state), None, &Method::GET);
            let body = Body::from(vec![0; FRAMES * MAX_FRAME_BYTES]);
            let mut body = Box::pin(in_flight.respond(Response::new(body)).into_body());
            let mut taken = 0;
            while taken < FRAMES {
                time::sleep(Duration::from_secs(pause)).await;
                if poll_fn(|context| body.as_mut().poll_frame(context)).await.unwrap().is_err() {
                    break;
                }
                taken += 1;
            }
            assert_eq!(taken, frames, "{pause}");
        }
    }
}
