//! Deadline of a call.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Longest time that is counted with: practically unlimited, and too short for sums of times to overflow.
pub(crate) const YEAR: Duration = Duration::from_secs(31_536_000);

/// Time at which a call ends, with its waits for the budget, its attempts and the pauses between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    total: Duration,
}

/// Wait that would end after the deadline.
#[derive(Debug)]
pub(crate) struct PastDeadlineError;

impl Deadline {
    pub(crate) fn after(total: Duration) -> Self {
        Self { at: Instant::now() + total.min(YEAR), total }
    }

    /// Returns the time that the call was given.
    pub(crate) const fn total(&self) -> Duration {
        self.total
    }

    pub(crate) const fn at(&self) -> Instant {
        self.at
    }

    pub(crate) fn has_passed(&self) -> bool {
        self.at <= Instant::now()
    }

    /// `true` if a wait that begins now ends before the deadline.
    pub(crate) fn allows(&self, wait: Duration) -> bool {
        self.at.saturating_duration_since(Instant::now()) > wait
    }

    /// Waits, unless the wait would end after the deadline.
    pub(crate) async fn pause(&self, wait: Duration) -> Result<(), PastDeadlineError> {
        if !self.allows(wait) {
            return Err(PastDeadlineError);
        }
        sleep(wait).await;
        Ok(())
    }
}
