//! Error of one attempt to carry out a request.

use kv_core::Error;

/// Failed attempt: the error that the caller gets unless another attempt succeeds, and what the client needs
/// to know to go on.
#[derive(Debug)]
pub(crate) struct AttemptError {
    pub(crate) error: Error,
    pub(crate) reason: Reason,
    /// `true` if the service may have carried the request out all the same, by this attempt or an earlier
    /// one.
    pub(crate) unknown_outcome: bool,
}

/// Reason of a failed attempt, as far as the client acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The key has no entry.
    KeyNotFound,
    /// The service refuses a part of the request's content.
    InvalidRequest,
    /// The service reports the request, or its response, as too large. A part of the request may do.
    PayloadTooLarge,
    /// The response is longer than this client reads. The response to a part of the request may do.
    BodyTooLarge,
    /// The request took too long, by the service's clock or ours, or the service stopped reading it. A part
    /// of the request may do.
    TooSlow,
    /// The budget has no room before the call's deadline, for this attempt or another one.
    OverBudget,
    /// Any other reason.
    Other,
}

impl AttemptError {
    pub(crate) const fn new(error: Error) -> Self {
        Self { error, reason: Reason::Other, unknown_outcome: false }
    }

    pub(crate) const fn because(mut self, reason: Reason) -> Self {
        self.reason = reason;
        self
    }

    pub(crate) const fn with_unknown_outcome(mut self) -> Self {
        self.unknown_outcome = true;
        self
    }
}

impl From<AttemptError> for Error {
    fn from(failure: AttemptError) -> Self {
        failure.error
    }
}
