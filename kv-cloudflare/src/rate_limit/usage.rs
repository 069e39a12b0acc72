//! Usage of the account's allowance.

use std::sync::atomic::{AtomicU64, Ordering};

use kv_core::{Error, ErrorKind};

/// Number of requests that a client has sent since it was built. All namespaces of one
/// [`CloudflareAccount`](crate::CloudflareAccount) count together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// HTTP requests, retries included.
    pub sent: u64,
    /// Requests that were sent again after a failure that may pass.
    pub retried: u64,
    /// Requests that a limit held up: the [`Budget`](crate::Budget) delayed or refused them, or the service
    /// answered 429.
    pub limited: u64,
}

/// Counters behind [`Usage`].
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

    /// Counts a response of the service that refuses the request for a rate limit.
    pub(crate) fn count_if_limited(&self, error: &Error) {
        if error.kind() == ErrorKind::RateLimited {
            self.count_limited();
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage {
            sent: self.sent.load(Ordering::Relaxed),
            retried: self.retried.load(Ordering::Relaxed),
            limited: self.limited.load(Ordering::Relaxed),
        }
    }
}
