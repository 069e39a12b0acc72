//! Limits on request bodies (length, pauses, rate), and the errors of bodies that exceed them.

use std::time::Duration;

use tokio::time::Instant;

use crate::http::memory::{Memory, MemoryError};

/// Maximum length, in bytes, of a body that is neither a value nor a bulk write or delete. A bulk get of 100
/// keys of the maximum length, with every byte escaped, takes a third of it.
pub(crate) const MAX_SMALL_BYTES: usize = 1 << 20;
/// Maximum length of the body of a bulk write or delete, in bytes: [100 MB].
///
/// [100 MB]: https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/methods/bulk_update/
pub(crate) const MAX_BULK_BYTES: usize = 100_000_000;

/// Error of reading a request body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    /// The `Content-Length`, or the bytes received so far, exceed the limit.
    #[error("body is too long: at least {len} bytes (max {limit})")]
    TooLong { len: u64, limit: usize },
    /// The client paused for too long.
    #[error("body stalled: no data for {} s", timeout.as_secs())]
    Stalled { timeout: Duration },
    /// The client fell behind the minimum rate, in bytes per second, by more than the stall timeout.
    #[error("body is too slow (min {min_rate} bytes per second)")]
    TooSlow { min_rate: u32 },
    /// No memory came free to collect the body.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The connection ended, or the framing of a chunked body is malformed.
    #[error("body is incomplete or malformed")]
    Broken,
}

/// Limits on all bodies of a server.
#[derive(Debug)]
pub(crate) struct BodyRules {
    /// Longest pause of a client, and the time by which it may fall behind the minimum rate, as it sends a
    /// body or reads a response.
    pub(crate) stall_timeout: Duration,
    /// Minimum rate in bytes per second; 0 for no minimum.
    pub(crate) min_rate: u32,
    /// Budget for collected bodies.
    pub(crate) memory: Memory,
}

impl BodyRules {
    /// Returns the time at which a body falls behind the minimum rate, if only `bytes` have come since
    /// `started`; `None` without a minimum.
    pub(crate) fn too_slow_at(&self, started: Instant, bytes: u64) -> Option<Instant> {
        let earned = Duration::from_millis(bytes.saturating_mul(1000).checked_div(self.min_rate.into())?);
        started.checked_add(self.stall_timeout)?.checked_add(earned)
    }
}
