//! How many requests a client allows itself.

use std::{num::NonZeroU32, time::Duration};

use crate::deadline::YEAR;

/// How many requests a client allows itself, so that the service never has to refuse one. All namespaces of one
/// [`CloudflareAccount`](crate::CloudflareAccount) share it.
///
/// A request that is over it waits, as long as its call's total time allows, and is
/// [`RateLimited`](kv_core::ErrorKind::RateLimited) otherwise, with the time to wait.
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
    /// Cloudflare's own limits: 1,200 requests in any 5 minutes
    /// ([API limits](https://developers.cloudflare.com/fundamentals/api/reference/limits/)) and one write a second to a key
    /// ([KV limits](https://developers.cloudflare.com/kv/platform/limits/)).
    #[must_use]
    pub const fn cloudflare() -> Self {
        const MOST: NonZeroU32 = NonZeroU32::new(1200).unwrap();
        let requests = Requests { most: MOST, window: Duration::from_secs(300) };
        Self { requests: Some(requests), write_interval: Some(Duration::from_secs(1)) }
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
        let burst = NonZeroU32::new(most.get() / 4).unwrap_or(NonZeroU32::MIN);
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
