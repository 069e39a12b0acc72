//! Retries of a call that is made of many requests, where smaller requests replace those that the service is
//! too slow for.

use kv_core::Error;

use crate::{
    api::attempt_error::AttemptError,
    http::{
        client::Client,
        retry::{Pauses, pauses},
    },
    rate_limit::deadline::Deadline,
};

/// Retries that a call has left while the service is too slow for its requests.
///
/// A response that comes too late costs one of the client's retries, and the request after it is half as
/// large. A response in time gives all retries back, with a new deadline. So a slow service is asked for less
/// and less until it is fast enough, and a service that is down gets no more requests than a single request
/// would send, however many the call is made of.
#[derive(Debug)]
pub(crate) struct SplitRetry<'a> {
    client: &'a Client,
    deadline: Deadline,
    pauses: Pauses,
    has_given_up: bool,
}

impl<'a> SplitRetry<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self::until(client.deadline(), client)
    }

    /// Returns all retries of `client`, until a deadline that is already set.
    pub(crate) fn until(deadline: Deadline, client: &'a Client) -> Self {
        Self { client, deadline, pauses: pauses(client.retries), has_given_up: false }
    }

    /// Returns the deadline of the next request.
    pub(crate) const fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// `true` if no other request should be sent.
    pub(crate) fn is_over(&self) -> bool {
        self.has_given_up || self.deadline.has_passed()
    }

    /// Gives all retries back, after a response in time.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.client);
    }

    /// Gives all retries back if the service refused the request for good: that was in time too.
    pub(crate) fn reset_if_final(&mut self, error: &Error) {
        if !error.is_retryable() {
            self.reset();
        }
    }

    /// Waits before a smaller request. Returns `false`, without a wait, if no retry is left or the deadline
    /// is nearer.
    pub(crate) async fn pause(&mut self, failure: &AttemptError) -> bool {
        let requested = failure.error.retry_after().unwrap_or_default();
        let has_paused = match self.pauses.next() {
            Some(pause) => self.deadline.pause(pause.max(requested)).await.is_ok(),
            None => false,
        };
        self.has_given_up = !has_paused;
        has_paused
    }
}
