//! Retry loop for API requests.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::sleep;

use crate::{
    api::attempt_error::{AttemptError, Reason},
    http::{
        client::Client,
        request::{Payload, Request},
    },
    rate_limit::deadline::Deadline,
};

/// Pauses between the attempts of a request.
pub(crate) type Pauses = ExponentialBackoff;

/// Returns the pauses before `retries` further attempts: 200 ms, doubled each time up to 20 s, and as much
/// again as jitter at most, so that clients that failed together do not come back together.
pub(crate) fn pauses(retries: usize) -> Pauses {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(20))
        .with_jitter()
        .with_max_times(retries)
        .build()
}

/// Repeats `attempt` until it succeeds, fails for good, or has no retry or no time left. A pause lasts at
/// least as long as the service's `Retry-After` asks for.
pub(crate) async fn retry<T, F: Future<Output = Result<T, AttemptError>>>(
    client: &Client,
    request: &Request<'_>,
    deadline: &Deadline,
    mut attempt: impl FnMut() -> F,
) -> Result<T, AttemptError> {
    let mut pauses = pauses(client.retries);
    let mut unknown_outcome = false;
    loop {
        let failure = match attempt().await {
            Ok(response) => return Ok(response),
            Err(failure) => failure,
        };
        unknown_outcome |= failure.unknown_outcome;
        let requested = failure.error.retry_after().unwrap_or_default();
        let pause = pauses.next().map(|pause| pause.max(requested));
        match pause.filter(|pause| may_repeat(request, &failure) && deadline.allows(*pause)) {
            Some(pause) => {
                client.counters.count_retried();
                sleep(pause).await;
            }
            None => return Err(AttemptError { unknown_outcome, ..named(failure, request) }),
        }
    }
}

/// `true` if another attempt may succeed, and does no harm if this one was carried out.
fn may_repeat(request: &Request<'_>, failure: &AttemptError) -> bool {
    failure.error.is_retryable()
        && failure.reason != Reason::OverBudget
        && !(request.splittable && failure.reason == Reason::TooSlow)
        && (request.idempotent || !failure.unknown_outcome)
        && request.body.as_ref().is_none_or(Payload::can_repeat)
}

/// Attaches the operation, and the key if there is one.
fn named(mut failure: AttemptError, request: &Request<'_>) -> AttemptError {
    failure.error = failure.error.with_operation(request.operation);
    if let Some(key) = request.redaction.key() {
        failure.error = failure.error.with_key(key);
    }
    failure
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use super::pauses;

    #[test]
    fn clients_that_failed_together_do_not_come_back_together() {
        let clients: BTreeSet<Vec<_>> = (0..20).map(|_| pauses(8).collect()).collect();
        assert!(clients.len() > 15, "{} different series of pauses", clients.len());
        for pauses in clients {
            assert_eq!(pauses.len(), 8);
            for (round, pause) in pauses.into_iter().enumerate() {
                let shortest = Duration::from_millis(200 << round).min(Duration::from_secs(20));
                assert!((shortest..=2 * shortest).contains(&pause), "pause {round} is {pause:?}");
            }
        }
    }
}
