//! What closing a store waits for.

use kv_core::{ErrorKind, Result};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

use crate::api::errors;

/// Counts the operations under way, so that closing can wait for them, and turns later ones away.
#[derive(Debug, Default)]
pub(crate) struct Drain(TaskTracker);

/// An operation under way.
pub(crate) type CallGuard = TaskTrackerToken;

impl Drain {
    /// Starts an operation, unless the gate is closed.
    pub(crate) fn enter(&self) -> Result<CallGuard> {
        let guard = self.0.token();
        // Looked at behind the count: who closes it either waits for this one, or is seen by it.
        if self.0.is_closed() {
            return Err(errors::new(ErrorKind::Closed, "the account is closed: make a new one"));
        }
        Ok(guard)
    }

    /// Turns every later operation away, and waits for those under way.
    pub(crate) async fn close(&self) {
        self.0.close();
        self.0.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use kv_core::ErrorKind;

    use super::Drain;

    #[tokio::test(start_paused = true)]
    async fn closing_waits_for_what_is_under_way_and_turns_away_the_rest() {
        let drain = Arc::new(Drain::default());
        let guard = drain.enter().unwrap();
        let closing = tokio::spawn({
            let drain = Arc::clone(&drain);
            async move { drain.close().await }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!closing.is_finished());
        assert_eq!(drain.enter().unwrap_err().kind(), ErrorKind::Closed);
        drop(guard);
        closing.await.unwrap();
        assert_eq!(drain.enter().unwrap_err().kind(), ErrorKind::Closed);
        drain.close().await;
    }
}
