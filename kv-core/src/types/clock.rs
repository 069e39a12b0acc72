//! Clock that backends take the time from.

use std::{
    fmt::Debug,
    sync::OnceLock,
    time::{Duration, Instant, SystemTime},
};

use crate::types::timestamp::Timestamp;

/// Source of the time.
///
/// Every backend takes one, so that a test sets the time instead of waiting for it.
pub trait Clock: Debug + Send + Sync {
    /// Returns the time of day, for expiry. It may jump, backwards too.
    fn now(&self) -> Timestamp;

    /// Returns a time that only moves forwards, from an arbitrary start, for intervals.
    fn monotonic(&self) -> Duration;
}

/// Clock of the machine.
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
        // A clock that is set to a time before 1970 counts as 1970.
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::EPOCH.saturating_add(since_epoch)
    }

    fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}
