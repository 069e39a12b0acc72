//! Clock that a test sets.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use kv_core::{Clock, Timestamp};

/// Clock that stands still until a test moves it, in milliseconds. Clones share one clock.
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use kv_core::{Clock, Timestamp};
/// use kv_testkit::ManualClock;
///
/// let clock = ManualClock::new(Timestamp::from_secs(1_000).unwrap());
/// let for_the_backend: Arc<dyn Clock> = Arc::new(clock.clone());
/// clock.advance(Duration::from_millis(1_999));
/// assert_eq!(for_the_backend.now().as_secs(), 1_001);
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Milliseconds>);

#[derive(Debug)]
struct Milliseconds {
    since_epoch: AtomicU64,
    monotonic: AtomicU64,
}

impl ManualClock {
    /// Returns a clock that shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(Milliseconds { since_epoch: (start.as_secs() * 1000).into(), monotonic: 0.into() }))
    }

    /// Moves the time forwards, by whole milliseconds.
    pub fn advance(&self, duration: Duration) {
        let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        for time in [&self.0.since_epoch, &self.0.monotonic] {
            let later = |now: u64| Some(now.saturating_add(milliseconds));
            // The closure always returns `Some`, so this cannot fail.
            let _ = time.fetch_update(Ordering::SeqCst, Ordering::SeqCst, later);
        }
    }

    /// Sets the time of day, backwards too. The monotonic time stays as it is.
    pub fn set(&self, now: Timestamp) {
        self.0.since_epoch.store(now.as_secs() * 1000, Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    /// Returns a clock that shows 2023-11-14T22:13:20Z, 1,700,000,000 seconds since the epoch.
    fn default() -> Self {
        Self::new(Timestamp::EPOCH.saturating_add(Duration::from_secs(1_700_000_000)))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH.saturating_add(Duration::from_millis(self.0.since_epoch.load(Ordering::SeqCst)))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.monotonic.load(Ordering::SeqCst))
    }
}
