//! The time, as a dependency.

use std::{
    fmt::Debug,
    sync::OnceLock,
    time::{Duration, Instant, SystemTime},
};

use crate::types::timestamp::Timestamp;

/// Where a backend gets the time from.
///
/// Every backend takes one, so a test sets the time instead of waiting for it.
pub trait Clock: Debug + Send + Sync {
    /// The time of day, for deadlines. It may jump, backwards too.
    fn now(&self) -> Timestamp;

    /// Time that only moves forwards, from an arbitrary start, for intervals.
    fn monotonic(&self) -> Duration;
}

/// The machine's clock.
///
/// ```
/// use kv_core::{Clock, SystemClock, Timestamp};
///
/// assert!(SystemClock.now() > Timestamp::EPOCH);
/// assert!(SystemClock.monotonic() <= SystemClock.monotonic());
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[expect(clippy::disallowed_methods, reason = "the one place that asks the system for the time")]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock that is set before 1970 is taken to be at 1970.
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::EPOCH.saturating_add(since_epoch)
    }

    fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}
