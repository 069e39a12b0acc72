//! How much of the account's allowance was used.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many requests a client has sent since it was built. All namespaces of one
/// [`CloudflareAccount`](crate::CloudflareAccount) count together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// The HTTP requests that were sent, those that were sent again included.
    pub sent: u64,
    /// How many of those were sent again after a failure that may pass.
    pub retried: u64,
    /// How often a limit held a request up: the [`Budget`](crate::Budget) made it wait or refused it, or the service answered 429.
    pub limited: u64,
}

/// The counters behind [`Usage`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    sent: AtomicU64,
    retried: AtomicU64,
    limited: AtomicU64,
}

impl Counters {
    pub(crate) fn count_sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_retried(&self) {
        self.retried.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_limited(&self) {
        self.limited.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage {
            sent: self.sent.load(Ordering::Relaxed),
            retried: self.retried.load(Ordering::Relaxed),
            limited: self.limited.load(Ordering::Relaxed),
        }
    }
}
