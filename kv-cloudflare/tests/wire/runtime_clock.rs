//! Time that stands where the runtime's does.

use std::time::Duration;

use kv_core::{Clock, Timestamp};
use tokio::time::Instant;

/// The runtime's own time, which a test may have paused, as a clock.
#[derive(Debug)]
pub(crate) struct RuntimeClock {
    start: Instant,
    since_epoch: Timestamp,
}

impl RuntimeClock {
    /// A clock that shows 1994-11-06T08:49:37Z, which is the example of RFC 9110.
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), since_epoch: Timestamp::from_secs(784_111_777).unwrap() }
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        self.since_epoch.saturating_add(self.start.elapsed())
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}
