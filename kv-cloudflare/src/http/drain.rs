//! Drain of the calls under way when an account is closed.

use kv_core::{ErrorKind, Result};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

use crate::api::errors;

/// Counts the calls under way, so that closing can wait for them, and refuses later ones.
#[derive(Debug, Default)]
pub(crate) struct Drain(TaskTracker);

/// Call under way.
pub(crate) type CallGuard = TaskTrackerToken;

impl Drain {
    /// Starts a call, or returns `Closed`.
    pub(crate) fn enter(&self) -> Result<CallGuard> {
        let guard = self.0.token();
        // Checked after counting: closing either waits for this call, or is seen by it.
        if self.0.is_closed() {
            return Err(errors::new(ErrorKind::Closed, "the account is closed: build a new one"));
        }
        Ok(guard)
    }

    /// Refuses all later calls, and waits for those under way.
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
    async fn closing_waits_for_calls_under_way_and_refuses_later_ones() {
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
