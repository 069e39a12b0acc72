//! A request under way.

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
use tokio::time::Instant;

use crate::{
    http::{memory::Reservation, permits::Permit},
    state::app_state::AppState,
};

/// The most bytes that are handed to a connection at once. It takes more when it has sent what it has, so a request
/// counts as under way until its client has read nearly all of the answer.
const MAX_FRAME_BYTES: usize = 128 * 1024;

/// A request under way. When it is dropped, it is over: counted and logged.
#[derive(Debug)]
pub(crate) struct InFlight {
    state: Arc<AppState>,
    /// `None` for what is answered however busy the server is.
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
        let method = known_name(method);
        Self { state, _permit: permit, route: "unknown", method, key_len: None, status: None, started }
    }

    /// Says which of the routes it is about, by a name from a small set.
    pub(crate) fn set_route(&mut self, route: &'static str) {
        self.route = route;
    }

    /// Says which key it is about, as it was sent. The log gets its length alone.
    pub(crate) fn set_raw_key(&mut self, raw: &str) {
        if tracing::enabled!(tracing::Level::DEBUG) {
            self.key_len = Some(percent_decode_str(raw).count());
        }
    }

    /// The answer, which ends the request when its body does.
    pub(crate) fn answer(mut self, mut response: Response<Body>) -> Response<InFlightBody> {
        self.status = Some(response.status().as_u16());
        let room = Reservation::take_from(&mut response);
        let started = Instant::now();
        response.map(|body| InFlightBody {
            body,
            rest: Bytes::new(),
            taken: 0,
            started,
            _room: room,
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

/// The methods that clients use by name, and all others by one, so that no client can make up labels.
fn known_name(method: &Method) -> &'static str {
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

/// The body of an answer to a request that is under way until the body ends.
#[derive(Debug)]
pub(crate) struct InFlightBody {
    body: Body,
    /// Rest of the body's last frame.
    rest: Bytes,
    /// Bytes that the connection has taken, since `started`.
    taken: u64,
    started: Instant,
    /// Memory that it was made of, held until it was sent.
    _room: Option<Arc<Reservation>>,
    in_flight: InFlight,
}

#[derive(Debug, thiserror::Error)]
#[error("the client reads the answer too slowly")]
struct ReadTooSlowly;

impl HttpBody for InFlightBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // It is asked for more once its client has read. One that does not read at all is cut off by the connection.
        let too_slow = self.in_flight.state.body_rules.too_slow_at(self.started, self.taken);
        if too_slow.is_some_and(|too_slow| too_slow < Instant::now()) {
            return Poll::Ready(Some(Err(axum::Error::new(ReadTooSlowly))));
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
        let (rest, body) = (self.rest.len() as u64, self.body.size_hint());
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
    async fn a_client_may_fall_behind_the_lowest_rate_for_so_long() {
        const STALL: Duration = Duration::from_secs(30);
        const FRAMES: usize = 20;
        let rate = u32::try_from(MAX_FRAME_BYTES / 10).unwrap();
        let memory = Memory::new(MIN_BYTES);
        let state = AppState::for_tests(BodyRules { stall_timeout: STALL, min_rate: rate, memory });
        // A frame earns 10 s, on top of the 30 s by which the client may fall behind.
        for (pause, frames) in [(9, FRAMES), (12, 10), (25, 1), (31, 0)] {
            let in_flight = InFlight::start(Arc::clone(&state), None, &Method::GET);
            let body = Body::from(vec![0; FRAMES * MAX_FRAME_BYTES]);
            let mut body = Box::pin(in_flight.answer(Response::new(body)).into_body());
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
