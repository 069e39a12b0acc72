//! An attempt that failed.

use kv_core::Error;

/// An attempt that failed: the error that the caller gets unless another attempt succeeds, and what the client itself makes of
/// it.
#[derive(Debug)]
pub(crate) struct AttemptError {
    pub(crate) error: Error,
    pub(crate) reason: Reason,
    /// Whether the service may have carried the request out all the same, by this attempt or one before it.
    pub(crate) unknown_outcome: bool,
}

/// What the client itself makes of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// There is no entry under the key.
    KeyNotFound,
    /// The service does not take something in the request.
    InvalidRequest,
    /// The service says that the request, or its answer, is too large. Parts of it may not be.
    PayloadTooLarge,
    /// The answer is longer than this client reads. Where it grows with what is asked for, that of a part may not be.
    BodyTooLarge,
    /// The time was too short for it, by the service's account or by ours, or the service read no further. Parts of the request may
    /// not be too much.
    TooSlow,
    /// The budget has no room before the call's deadline, so another attempt has none either.
    OverBudget,
    /// Anything else.
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
