//! Budget of requests that a client allows itself.

use std::{num::NonZeroU32, time::Duration};

use tracing::info;

use crate::rate_limit::deadline::YEAR;

/// Number of requests that a client allows itself, so that the service never has to refuse one. All
/// namespaces of one [`CloudflareAccount`](crate::CloudflareAccount) share it.
///
/// A request over the budget waits in a queue. If its turn would come after the call's total time, it fails
/// with [`RateLimited`](kv_core::ErrorKind::RateLimited) at once, and the error holds the time to wait.
///
/// A request that waits is reported to [`tracing`](https://docs.rs/tracing): an event of level `INFO` and the
/// target [`Budget::TRACING_TARGET`], with the time to wait (`wait_ms`) and, if the budget of requests is
/// used up, the number of requests ahead (`ahead`). It holds no key.
///
/// ```
/// use std::{num::NonZeroU32, time::Duration};
/// use kv_cloudflare::Budget;
///
/// // Another program uses the other half of the account's limit.
/// let half = NonZeroU32::new(600).unwrap();
/// let budget = Budget::cloudflare().with_requests(half, Duration::from_secs(300));
/// assert_ne!(budget, Budget::default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    requests: Option<Requests>,
    write_interval: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Requests {
    max: NonZeroU32,
    window: Duration,
}

/// The default: [`Budget::cloudflare`].
impl Default for Budget {
    fn default() -> Self {
        Self::cloudflare()
    }
}

impl Budget {
    /// Number of requests that Cloudflare allows in each [`CLOUDFLARE_WINDOW`](Budget::CLOUDFLARE_WINDOW):
    /// 1,200 ([API limits](https://developers.cloudflare.com/fundamentals/api/reference/limits/)).
    pub const CLOUDFLARE_REQUESTS: NonZeroU32 = NonZeroU32::new(1_200).unwrap();

    /// Time over which Cloudflare counts requests: 5 minutes.
    pub const CLOUDFLARE_WINDOW: Duration = Duration::from_secs(300);

    /// Shortest time that Cloudflare allows between two writes to one key: 1 second
    /// ([KV limits](https://developers.cloudflare.com/kv/platform/limits/)).
    pub const CLOUDFLARE_WRITE_INTERVAL: Duration = Duration::from_secs(1);

    /// Divisor of the requests that may go at once: a quarter, so 300 of 1,200.
    pub const BURST_DIVISOR: u32 = 4;

    /// Target of the tracing events that report a wait: `kv_cloudflare::budget`.
    pub const TRACING_TARGET: &'static str = "kv_cloudflare::budget";

    /// Cloudflare's limits: 1,200 requests in any 5 minutes, of which 300 may go at once and then 3 per
    /// second, and one write per second to a key.
    #[must_use]
    pub const fn cloudflare() -> Self {
        let requests = Requests { max: Self::CLOUDFLARE_REQUESTS, window: Self::CLOUDFLARE_WINDOW };
        Self { requests: Some(requests), write_interval: Some(Self::CLOUDFLARE_WRITE_INTERVAL) }
    }

    /// No limit, for a self-hosted server and for tests.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self { requests: None, write_interval: None }
    }

    /// Allows at most `max` requests in any period as long as `window`. A quarter of them may go at once;
    /// they become available again evenly. A `window` of zero sets no limit, and one of more than a year
    /// counts as a year.
    #[must_use]
    pub const fn with_requests(mut self, max: NonZeroU32, window: Duration) -> Self {
        self.requests = if window.is_zero() { None } else { Some(Requests { max, window }) };
        self
    }

    /// Requires at least `interval` between two writes to one key, deletions included. Zero sets no limit,
    /// and more than a year counts as a year.
    #[must_use]
    pub const fn with_write_interval(mut self, interval: Duration) -> Self {
        self.write_interval = if interval.is_zero() { None } else { Some(interval) };
        self
    }

    /// Returns the number of requests that may go at once, and the time after which each further one may.
    pub(crate) fn burst_and_period(&self) -> Option<(NonZeroU32, Duration)> {
        let Requests { max, window } = self.requests?;
        let window = window.min(YEAR);
        let burst = NonZeroU32::new(max.get() / Self::BURST_DIVISOR).unwrap_or(NonZeroU32::MIN);
        // A window that begins with a whole burst holds one more request per whole period in it: `max -
        // burst` at most, if the period is longer than this quotient.
        let period = window / (max.get() - burst.get()).saturating_add(1);
        Some((burst, period + Duration::from_nanos(1)))
    }

    /// Returns the time after a write to a key until the next one may go.
    pub(crate) fn write_interval(&self) -> Option<Duration> {
        self.write_interval.map(|interval| interval.min(YEAR))
    }
}

/// Logs that a request waits for the budget of requests.
pub(crate) fn log_wait_for_requests(wait: Duration, ahead: usize) {
    if let Some(wait_ms) = millis(wait) {
        let message = "a request waits: the budget of requests is used up";
        info!(target: Budget::TRACING_TARGET, wait_ms, ahead, "{message}");
    }
}

/// Logs that a write waits for a key that was written recently.
pub(crate) fn log_wait_for_key(wait: Duration) {
    if let Some(wait_ms) = millis(wait) {
        info!(target: Budget::TRACING_TARGET, wait_ms, "a write waits: its key was written recently");
    }
}

/// Returns `wait` in milliseconds, rounded up; `None` if there is no wait.
fn millis(wait: Duration) -> Option<u64> {
    let millis = u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
    (millis > 0).then_some(millis)
}
