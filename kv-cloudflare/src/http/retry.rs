//! Sends a request until it is answered.

use std::{
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder, Retryable};
use kv_core::{ErrorKind, limits};
use reqwest::{Response, header::ACCEPT_ENCODING};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::{
    api::{
        attempt_error::{AttemptError, Reason},
        errors,
    },
    http::{
        body::bytes_body::Progress,
        client::Client,
        exchange::Line,
        request::{Payload, Request},
        response::{self, ApiResponse, RawResponse},
        retry_after::retry_after,
    },
    rate_limit::deadline::Deadline,
};

/// As much of an answer is read for an error's sake: an envelope with any number of errors that makes sense.
const MAX_ERROR_BODY_BYTES: usize = 64 * 1024;

impl Client {
    /// Sends a request that is answered with bytes, 25 MiB of them at most.
    pub(crate) async fn send_for_bytes(
        &self,
        request: &Request<'_>,
        deadline: &Deadline,
    ) -> Result<RawResponse, AttemptError> {
        self.retry(request, deadline, || self.attempt(request, deadline, limits::MAX_VALUE_BYTES)).await
    }

    /// Sends a request that is answered with bytes, and leaves it to the caller to read them.
    pub(crate) async fn send_for_stream(
        &self,
        request: &Request<'_>,
        deadline: &Deadline,
    ) -> Result<Response, AttemptError> {
        self.retry(request, deadline, || self.attempt_head(request, deadline)).await
    }

    /// Sends a request that is answered with an envelope, of `most` bytes at most.
    pub(crate) async fn send_for_json<T: DeserializeOwned + Send + 'static>(
        &self,
        request: &Request<'_>,
        deadline: &Deadline,
        most: usize,
    ) -> Result<ApiResponse<T>, AttemptError> {
        let attempt = || async {
            let answer = self.attempt(request, deadline, most).await?;
            let outcome =
                response::parse_envelope(answer, request.redaction, self.authorization.secret()).await;
            outcome.inspect_err(|failure| self.count(failure))
        };
        self.retry(request, deadline, attempt).await
    }

    /// Repeats `attempt`, with pauses that grow, while it fails in a way that may pass.
    async fn retry<T, F: Future<Output = Result<T, AttemptError>>>(
        &self,
        request: &Request<'_>,
        deadline: &Deadline,
        attempt: impl FnMut() -> F,
    ) -> Result<T, AttemptError> {
        let backoff = backoff().with_max_times(self.retries);
        let unknown_before = AtomicBool::new(false);
        let retried = attempt
            .retry(backoff)
            .when(|failure: &AttemptError| {
                failure.error.is_retryable()
                    && failure.reason != Reason::OverBudget
                    && !(request.splittable && failure.reason == Reason::TooSlow)
                    && (request.idempotent || !failure.unknown_outcome)
                    && request.body.as_ref().is_none_or(Payload::can_repeat)
            })
            .adjust(|failure, pause| {
                let wait = pause?.max(failure.error.retry_after().unwrap_or_default());
                deadline.allows(wait).then_some(wait)
            })
            .notify(|failure, _| {
                self.counters.count_retried();
                unknown_before.fetch_or(failure.unknown_outcome, Ordering::Relaxed);
            });
        // Whatever an attempt waits for, it waits no longer than until the deadline.
        let outcome = retried.await;
        let unknown_before = unknown_before.load(Ordering::Relaxed);
        outcome.map_err(|failure| {
            let error = failure.error.with_operation(request.operation);
            let error = match request.redaction.key() {
                Some(key) => error.with_key(key),
                None => error,
            };
            AttemptError { error, unknown_outcome: failure.unknown_outcome || unknown_before, ..failure }
        })
    }

    /// Sends `request` once, and reads the answer.
    async fn attempt(
        &self,
        request: &Request<'_>,
        deadline: &Deadline,
        most: usize,
    ) -> Result<RawResponse, AttemptError> {
        let timer = pin!(self.admit(request, deadline).await?);
        let mut line = Line { idle: self.read_timeout, deadline, timer };
        let mut response = self.exchange(request, &mut line).await?;
        let headers = std::mem::take(response.headers_mut());
        let status = response.status();
        let body = line.body(response, most).await?;
        Ok(RawResponse { status, headers, body })
    }

    /// Sends `request` once, and leaves the body of the answer to the caller.
    async fn attempt_head(
        &self,
        request: &Request<'_>,
        deadline: &Deadline,
    ) -> Result<Response, AttemptError> {
        let timer = pin!(self.admit(request, deadline).await?);
        let mut line = Line { idle: self.read_timeout, deadline, timer };
        self.exchange(request, &mut line).await
    }

    /// Waits until the budget lets the request go. From then on its line is watched: the timer is for that.
    async fn admit(&self, request: &Request<'_>, deadline: &Deadline) -> Result<Sleep, AttemptError> {
        let admitted = self.limiter.admit(request.written_keys, deadline, &self.counters).await;
        admitted
            .map_err(|over| AttemptError::new(errors::over_budget(over.0)).because(Reason::OverBudget))?;
        Ok(sleep_until((Instant::now() + self.read_timeout).min(deadline.at())))
    }

    /// Sends `request` and waits for the head of an answer that says yes.
    async fn exchange(&self, request: &Request<'_>, line: &mut Line<'_>) -> Result<Response, AttemptError> {
        let progress = Progress::start(request.body.is_some());
        let mut builder = self.http.request(request.method.clone(), request.url.clone());
        builder = self.authorization.attach(builder);
        if request.uncompressed {
            builder = builder.header(ACCEPT_ENCODING, "identity");
        }
        if let Some(payload) = &request.body {
            builder = payload.attach(builder, &progress);
        }
        self.counters.count_sent();
        let response = line.head(builder.send(), &progress).await.map_err(|failure| {
            // A server that refuses a large body often closes the connection before its refusal is read.
            let is_cut_off = progress.is_under_way() && failure.unknown_outcome;
            if is_cut_off { failure.because(Reason::TooSlow) } else { failure }
        })?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(self.refusal(response, request, line).await)
        }
    }

    async fn refusal(&self, response: Response, request: &Request<'_>, line: &mut Line<'_>) -> AttemptError {
        let (status, wait) = (response.status(), retry_after(response.headers(), self.clock.now()));
        let body = line.start_of_body(response, MAX_ERROR_BODY_BYTES).await;
        let mut failure =
            response::error_response(status, &body, request.redaction, self.authorization.secret());
        if let Some(wait) = wait {
            failure.error = failure.error.with_retry_after(wait);
        }
        self.count(&failure);
        failure
    }

    fn count(&self, failure: &AttemptError) {
        if failure.error.kind() == ErrorKind::RateLimited {
            self.counters.count_limited();
        }
    }
}

/// Pauses between the attempts of a request.
pub(crate) type Pauses = ExponentialBackoff;

/// Returns the pauses before `retries` further attempts.
pub(crate) fn pauses(retries: usize) -> Pauses {
    backoff().with_max_times(retries).build()
}

/// The pauses between attempts, with jitter, so that clients that failed together do not come back together.
const fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(20))
        .with_jitter()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use backon::BackoffBuilder;

    use super::backoff;

    #[test]
    fn clients_that_failed_together_do_not_come_back_together() {
        let pauses = || backoff().with_max_times(8).build().collect::<Vec<_>>();
        let clients: BTreeSet<_> = (0..20).map(|_| pauses()).collect();
        assert!(clients.len() > 15, "{} ways to wait", clients.len());
        for pauses in clients {
            assert_eq!(pauses.len(), 8);
            for (round, pause) in pauses.into_iter().enumerate() {
                let shortest = Duration::from_millis(200 << round).min(Duration::from_secs(20));
                assert!((shortest..=2 * shortest).contains(&pause), "pause {round} is {pause:?}");
            }
        }
    }
}
