//! Patience of one call with a service that is too slow for its requests.

use backon::{BackoffBuilder, ExponentialBackoff};
use kv_core::Error;

use crate::{
    api::attempt_error::AttemptError,
    http::{client::Client, retry::backoff},
    rate_limit::deadline::Deadline,
};

/// For how long, and how often in a row, a call of many requests goes on where the service is too slow for them.
///
/// An answer that comes too late costs one of the client's retries, and the request that follows it has half as much in it. An answer
/// in time gives everything back. So a service that is slow is asked for less and less until it is fast enough, and one that is down
/// gets no more requests than a single one would be sent, whatever the call is made of.
#[derive(Debug)]
pub(crate) struct SplitRetry<'a> {
    client: &'a Client,
    deadline: Deadline,
    pauses: ExponentialBackoff,
    is_lost: bool,
}

impl<'a> SplitRetry<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self::until(client.deadline(), client)
    }

    /// Patience until a deadline that is set already.
    pub(crate) fn until(deadline: Deadline, client: &'a Client) -> Self {
        Self { client, deadline, pauses: pauses(client), is_lost: false }
    }

    /// Deadline of the next request.
    pub(crate) const fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// `true` if no other request is worth while.
    pub(crate) fn is_over(&self) -> bool {
        self.is_lost || self.deadline.has_passed()
    }

    /// Notes that the service did what a request asked for.
    pub(crate) fn answered(&mut self) {
        *self = Self::new(self.client);
    }

    /// Notes that it did not. One that says so for good is not slow.
    pub(crate) fn refused(&mut self, error: &Error) {
        if !error.is_retryable() {
            self.answered();
        }
    }

    /// Waits before a request with half as much in it, unless patience is over.
    pub(crate) async fn pause(&mut self, failure: &AttemptError) -> bool {
        let asked = failure.error.retry_after().unwrap_or_default();
        let waited = match self.pauses.next() {
            Some(pause) => self.deadline.pause(pause.max(asked)).await.is_ok(),
            None => false,
        };
        self.is_lost = !waited;
        waited
    }
}

/// The pauses before a request goes again.
pub(crate) fn pauses(client: &Client) -> ExponentialBackoff {
    backoff().with_max_times(client.retries).build()
}
