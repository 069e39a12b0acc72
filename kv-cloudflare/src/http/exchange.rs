//! Single exchange of a request and its response, given up when neither side sends anything for a while.

use std::pin::{Pin, pin};

use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use reqwest::{Response, header::ACCEPT_ENCODING};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::{
    api::{
        attempt_error::{AttemptError, Reason},
        errors,
    },
    http::{
        body::bytes_body::Progress,
        client::Client,
        request::Request,
        response::{self, RawResponse},
        retry_after::retry_after,
    },
    rate_limit::deadline::Deadline,
};

/// Length at which an error response is cut: an envelope with any sensible number of errors is shorter.
const MAX_ERROR_BODY_BYTES: usize = 64 * 1024;

/// Sends `request` once, and reads the whole response, of at most `max_bytes`.
pub(crate) async fn exchange(
    client: &Client,
    request: &Request<'_>,
    deadline: &Deadline,
    max_bytes: usize,
) -> Result<RawResponse, AttemptError> {
    let timer = pin!(admit(client, request, deadline).await?);
    let mut exchange = Exchange { client, deadline, timer };
    let mut response = exchange.send(request).await?;
    let headers = std::mem::take(response.headers_mut());
    let status = response.status();
    let body = exchange.body(response, max_bytes).await?;
    Ok(RawResponse { status, headers, body })
}

/// Sends `request` once, and leaves the body of the response to the caller.
pub(crate) async fn exchange_head(
    client: &Client,
    request: &Request<'_>,
    deadline: &Deadline,
) -> Result<Response, AttemptError> {
    let timer = pin!(admit(client, request, deadline).await?);
    Exchange { client, deadline, timer }.send(request).await
}

/// Waits until the budget admits the request. Returns the timer that watches its exchange from then on.
async fn admit(client: &Client, request: &Request<'_>, deadline: &Deadline) -> Result<Sleep, AttemptError> {
    let admitted = client.limiter.admit(request.written_keys, deadline, &client.counters).await;
    admitted.map_err(|over| AttemptError::new(errors::over_budget(over.0)).because(Reason::OverBudget))?;
    Ok(sleep_until((Instant::now() + client.read_timeout).min(deadline.at())))
}

/// Exchange under way. It lasts as long as one side sends something, but not beyond the call's deadline.
struct Exchange<'a> {
    client: &'a Client,
    deadline: &'a Deadline,
    /// One timer for the whole exchange, reset only when it fires: resetting timers is most of the cost of
    /// watching.
    timer: Pin<&'a mut Sleep>,
}

impl Exchange<'_> {
    /// Sends the request, and waits for the head of a successful response.
    async fn send(&mut self, request: &Request<'_>) -> Result<Response, AttemptError> {
        let progress = Progress::start(request.body.is_some());
        let mut builder = self.client.http.request(request.method.clone(), request.url.clone());
        builder = self.client.authorization.attach(builder);
        if request.uncompressed {
            builder = builder.header(ACCEPT_ENCODING, "identity");
        }
        if let Some(payload) = &request.body {
            builder = payload.attach(builder, &progress);
        }
        self.client.counters.count_sent();
        let head = self.wait(builder.send(), || progress.last()).await;
        let response = head.and_then(|head| head.map_err(errors::connection)).map_err(|failure| {
            // A server that refuses a large body often closes the connection before its response is read.
            let is_cut_off = progress.is_under_way() && failure.unknown_outcome;
            if is_cut_off { failure.because(Reason::TooSlow) } else { failure }
        })?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(self.error_response(response, request).await)
        }
    }

    async fn error_response(&mut self, response: Response, request: &Request<'_>) -> AttemptError {
        let status = response.status();
        let wait = retry_after(response.headers(), self.client.clock.now());
        let body = self.start_of_body(response, MAX_ERROR_BODY_BYTES).await;
        let token = self.client.authorization.secret();
        let mut failure = response::error_response(status, &body, request.redaction, token);
        if let Some(wait) = wait {
            failure.error = failure.error.with_retry_after(wait);
        }
        self.client.counters.count_if_limited(&failure.error);
        failure
    }

    /// Reads the whole body into one buffer, of the announced length if there is one. A body of more than
    /// `max_bytes` is given up, before it is read if its announced length says so.
    async fn body(&mut self, mut response: Response, max_bytes: usize) -> Result<Bytes, AttemptError> {
        let announced = response.content_length().map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        if announced.is_some_and(|length| length > max_bytes) {
            return Err(body_too_large(max_bytes));
        }
        let mut body = BytesMut::with_capacity(announced.unwrap_or_default());
        while let Some(chunk) = self.chunk(&mut response).await? {
            if body.len() + chunk.len() > max_bytes {
                return Err(body_too_large(max_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    /// Reads the start of a body: `max_bytes` or a little more, or less if the connection breaks or the wait
    /// is over.
    async fn start_of_body(&mut self, mut response: Response, max_bytes: usize) -> Vec<u8> {
        let mut body = Vec::new();
        while body.len() < max_bytes
            && let Ok(Some(chunk)) = self.chunk(&mut response).await
        {
            body.extend_from_slice(&chunk);
        }
        body
    }

    async fn chunk(&mut self, response: &mut Response) -> Result<Option<Bytes>, AttemptError> {
        let start = Instant::now();
        self.wait(response.chunk(), || start).await?.map_err(errors::connection)
    }

    /// Waits for `step` while the time since `last_progress` is shorter than the read timeout.
    async fn wait<T>(
        &mut self,
        step: impl Future<Output = T>,
        last_progress: impl Fn() -> Instant,
    ) -> Result<T, AttemptError> {
        let idle = self.client.read_timeout;
        let mut step = pin!(step);
        loop {
            if let Either::Left((done, _)) = select(step.as_mut(), self.timer.as_mut()).await {
                return Ok(done);
            }
            let until = self.deadline.at().min(last_progress() + idle);
            if until <= Instant::now() {
                let is_past_deadline = self.deadline.at() <= until;
                let error = if is_past_deadline {
                    errors::timed_out(self.deadline.total())
                } else {
                    errors::idle(idle)
                };
                return Err(AttemptError::new(error).because(Reason::TooSlow).with_unknown_outcome());
            }
            self.timer.as_mut().reset(until);
        }
    }
}

fn body_too_large(max_bytes: usize) -> AttemptError {
    AttemptError::new(errors::body_too_large(max_bytes)).because(Reason::BodyTooLarge).with_unknown_outcome()
}
