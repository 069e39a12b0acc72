//! Rules for the bodies of requests: lengths, rates, pauses, and the errors for bodies that break them.

use std::time::Duration;

use tokio::time::Instant;

use crate::http::memory::{Memory, NoMemoryError};

/// The longest body, in bytes, of a request that is neither a value nor a bulk write or delete. A hundred keys, each of
/// their bytes escaped, take a third of it.
pub(crate) const MAX_SMALL_BYTES: usize = 1 << 20;
/// The longest body of a bulk write or delete, in bytes:
/// [100 megabytes](https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/methods/bulk_update/).
pub(crate) const MAX_BULK_BYTES: usize = 100_000_000;

/// Reason for which a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    /// It announces, or holds so far, more than may be.
    #[error("a body of {len} bytes or more is too long: the limit is {limit} bytes")]
    TooLong {
        /// The bytes announced, or counted when the limit was passed.
        len: u64,
        /// The most that may be.
        limit: usize,
    },
    /// The client paused for too long.
    #[error("no more of the body came for {} s", timeout.as_secs())]
    Stalled {
        /// Longest pause that is allowed.
        timeout: Duration,
    },
    /// The client sent it too slowly.
    #[error("the body came too slowly: the lowest rate is {min_rate} bytes per second")]
    TooSlow {
        /// In bytes per second.
        min_rate: u32,
    },
    /// No room came free to collect it.
    #[error(transparent)]
    NoMemoryError(#[from] NoMemoryError),
    /// The connection ended, or the body's framing is wrong.
    #[error("the body broke off, or is framed wrongly")]
    Broken,
}

/// The rules for all bodies of a server.
#[derive(Debug)]
pub(crate) struct BodyRules {
    /// Longest pause of a client, and the time by which it may fall behind the lowest rate, in a body or in reading an answer.
    pub(crate) stall_timeout: Duration,
    /// In bytes per second; 0 is none.
    pub(crate) min_rate: u32,
    /// Reservation for what is collected.
    pub(crate) memory: Memory,
}

impl BodyRules {
    /// The moment at which a body that began at `started` falls behind the lowest rate, if there are no more than `bytes` of it.
    pub(crate) fn too_slow_at(&self, started: Instant, bytes: u64) -> Option<Instant> {
        let earned = Duration::from_millis(bytes.saturating_mul(1000).checked_div(self.min_rate.into())?);
        started.checked_add(self.stall_timeout)?.checked_add(earned)
    }
}
