//! What closing a store waits for.

use kv_core::{ErrorKind, Result};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error;

/// More operations than can run at once.
const ROOM: u32 = 1 << 20;

/// Counts the operations under way, so that closing can wait for them, and turns later ones away.
#[derive(Debug)]
pub(crate) struct Gate(Semaphore);

/// An operation under way.
#[must_use]
#[derive(Debug)]
pub(crate) struct Pass<'a>(#[expect(dead_code, reason = "held for its drop")] SemaphorePermit<'a>);

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(ROOM as usize))
    }

    /// Starts an operation. One that comes while the gate closes waits for that and is then turned away.
    pub(crate) async fn enter(&self) -> Result<Pass<'_>> {
        let pass = self.0.acquire().await;
        pass.map(Pass).map_err(|_| error::new(ErrorKind::Closed, "the account is closed: make a new one"))
    }

    /// Waits for the operations under way, then turns every later one away.
    pub(crate) async fn close(&self) {
        // An error means that it is closed already.
        let everything = self.0.acquire_many(ROOM).await;
        self.0.close();
        drop(everything);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use kv_core::ErrorKind;

    use super::Gate;

    #[tokio::test(start_paused = true)]
    async fn closing_waits_for_what_is_under_way_and_turns_away_the_rest() {
        let gate = Arc::new(Gate::new());
        let pass = gate.enter().await.unwrap();
        let closing = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.close().await }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!closing.is_finished());
        let late = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter().await.map(drop).map_err(|error| error.kind()) }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(pass);
        closing.await.unwrap();
        assert_eq!(late.await.unwrap(), Err(ErrorKind::Closed));
        assert_eq!(gate.enter().await.unwrap_err().kind(), ErrorKind::Closed);
        gate.close().await;
    }
}
