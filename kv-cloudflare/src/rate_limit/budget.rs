//! Budget of requests that a client allows itself.

use std::{num::NonZeroU32, time::Duration};

use tracing::info;

use crate::rate_limit::deadline::YEAR;

/// How many requests a client allows itself, so that the service never has to refuse one. All namespaces of one
/// [`CloudflareAccount`](crate::CloudflareAccount) share it.
///
/// A request that is over it waits in line. One whose turn comes after the end of its call's total time is
/// [`RateLimited`](kv_core::ErrorKind::RateLimited) at once, with the time to wait.
///
/// A request that waits reports it to [`tracing`](https://docs.rs/tracing): an event of level `INFO` and the target
/// [`Budget::TRACING_TARGET`], with the time to wait (`wait_ms`) and, for a request that has to wait for others, their
/// number (`ahead`). It holds no key.
///
/// ```
/// use std::{num::NonZeroU32, time::Duration};
/// use kv_cloudflare::Budget;
///
/// // Another program uses the other half of the account's allowance.
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
    most: NonZeroU32,
    window: Duration,
}

/// The default: [`Budget::cloudflare`].
impl Default for Budget {
    fn default() -> Self {
        Self::cloudflare()
    }
}

impl Budget {
    /// The requests that Cloudflare allows in each [`CLOUDFLARE_WINDOW`](Budget::CLOUDFLARE_WINDOW): 1,200
    /// ([API limits](https://developers.cloudflare.com/fundamentals/api/reference/limits/)).
    pub const CLOUDFLARE_REQUESTS: NonZeroU32 = NonZeroU32::new(1_200).unwrap();

    /// The time for which Cloudflare counts requests: 5 minutes.
    pub const CLOUDFLARE_WINDOW: Duration = Duration::from_secs(300);

    /// The time that Cloudflare wants between two writes to one key: 1 second
    /// ([KV limits](https://developers.cloudflare.com/kv/platform/limits/)).
    pub const CLOUDFLARE_WRITE_INTERVAL: Duration = Duration::from_secs(1);

    /// The part of the requests that may go at once: a quarter, so 300 of 1,200.
    pub const BURST_DIVISOR: u32 = 4;

    /// The target of the events that tell of a wait: `kv_cloudflare::budget`.
    pub const TRACING_TARGET: &'static str = "kv_cloudflare::budget";

    /// Cloudflare's own limits: 1,200 requests in any 5 minutes, of which 300 may go at once and then 3 per second, and one write
    /// per second to a key.
    #[must_use]
    pub const fn cloudflare() -> Self {
        let requests = Requests { most: Self::CLOUDFLARE_REQUESTS, window: Self::CLOUDFLARE_WINDOW };
        Self { requests: Some(requests), write_interval: Some(Self::CLOUDFLARE_WRITE_INTERVAL) }
    }

    /// No limit: for a server of one's own, and for tests.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self { requests: None, write_interval: None }
    }

    /// Never more than `most` requests in any stretch of time as long as `window`. A quarter of them may go at once; they
    /// come back evenly. A `window` of zero sets no limit, and one of more than a year counts as a year.
    #[must_use]
    pub const fn with_requests(mut self, most: NonZeroU32, window: Duration) -> Self {
        self.requests = if window.is_zero() { None } else { Some(Requests { most, window }) };
        self
    }

    /// At least `interval` between two writes to one key, deletions included; zero sets no limit, and more than a year
    /// counts as a year.
    #[must_use]
    pub const fn with_write_interval(mut self, interval: Duration) -> Self {
        self.write_interval = if interval.is_zero() { None } else { Some(interval) };
        self
    }

    /// How many requests may go at once, and after how long the next one may.
    pub(crate) fn burst_and_period(&self) -> Option<(NonZeroU32, Duration)> {
        let Requests { most, window } = self.requests?;
        // A longer one is as good as that, and the library that counts panics beyond five centuries.
        let window = window.min(YEAR);
        let burst = NonZeroU32::new(most.get() / Self::BURST_DIVISOR).unwrap_or(NonZeroU32::MIN);
        // A window that begins with a whole burst holds as many more as whole periods fit into it: `most - burst` of them
        // at most, if the period is longer than this quotient.
        let period = window / (most.get() - burst.get()).saturating_add(1);
        Some((burst, period + Duration::from_nanos(1)))
    }

    /// How long after a write to a key the next one may go.
    pub(crate) fn write_interval(&self) -> Option<Duration> {
        self.write_interval.map(|interval| interval.min(YEAR))
    }
}

/// Tells that a request waits for the account's allowance.
pub(crate) fn log_wait_for_requests(wait: Duration, ahead: usize) {
    if let Some(wait_ms) = millis(wait) {
        info!(target: Budget::TRACING_TARGET, wait_ms, ahead, "a request waits: the budget of requests is used up");
    }
}

/// Tells that a request waits for a key that was written just now.
pub(crate) fn log_wait_for_key(wait: Duration) {
    if let Some(wait_ms) = millis(wait) {
        info!(target: Budget::TRACING_TARGET, wait_ms, "a write waits: its key was written just now");
    }
}

/// `wait` as the events tell it, rounded up; `None` if there is nothing to tell.
fn millis(wait: Duration) -> Option<u64> {
    let millis = u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
    (millis > 0).then_some(millis)
}
