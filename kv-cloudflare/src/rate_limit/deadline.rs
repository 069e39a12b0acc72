//! Until when a call may take.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// As good as for ever, and too short for a sum of times to overflow.
pub(crate) const YEAR: Duration = Duration::from_secs(31_536_000);

/// Until when a call may take, with its waits for the budget, its attempts and the pauses between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    total: Duration,
}

/// A wait that would pass the deadline.
#[derive(Debug)]
pub(crate) struct PastDeadline;

impl Deadline {
    pub(crate) fn after(total: Duration) -> Self {
        Self { at: Instant::now() + total.min(YEAR), total }
    }

    /// The time that the call was given.
    pub(crate) const fn total(&self) -> Duration {
        self.total
    }

    pub(crate) const fn at(&self) -> Instant {
        self.at
    }

    pub(crate) fn has_passed(&self) -> bool {
        self.at <= Instant::now()
    }

    /// Whether `wait` from now ends before it.
    pub(crate) fn allows(&self, wait: Duration) -> bool {
        self.at.saturating_duration_since(Instant::now()) > wait
    }

    /// Waits, unless that would pass the deadline.
    pub(crate) async fn pause(&self, wait: Duration) -> Result<(), PastDeadline> {
        if !self.allows(wait) {
            return Err(PastDeadline);
        }
        sleep(wait).await;
        Ok(())
    }
}
