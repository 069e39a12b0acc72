//! Taking out what is not needed any more.

use kv_core::Timestamp;

use crate::table::{
    index::ordered_index::Index,
    namespace_table::{STEP, Table},
    yielding::yield_now,
};

/// The most expired entries that a write takes out on its way. It is more than the one that it may add, so what has
/// expired does not pile up where there are writes.
const RECLAIMED_BY_WRITE: usize = 8;

impl Table {
    /// What a write does for the others while it has the lock.
    pub(super) fn tidy(&self, index: &mut Index, now: Timestamp) {
        self.reclaim(index, now, RECLAIMED_BY_WRITE);
        self.values.take_forgotten_out(index);
    }

    /// Takes out at most `limit` entries that have expired, and answers how many there were.
    fn reclaim(&self, index: &mut Index, now: Timestamp, limit: usize) -> usize {
        let expired = std::iter::from_fn(|| index.pop_expired(now)).take(limit);
        expired.map(|key| self.values.remove(&key)).count()
    }

    /// Takes out every entry that has expired by now, and answers how many there were.
    pub(crate) async fn sweep(&self) -> usize {
        let now = self.clock.now();
        let mut swept = 0;
        loop {
            let step = self.reclaim(&mut self.lock_index(), now, STEP);
            swept += step;
            if step < STEP {
                break;
            }
            yield_now().await;
        }
        self.settle();
        swept
    }

    /// Refuses every later operation, as one on a deleted namespace.
    pub(crate) fn mark_deleted(&self) {
        self.gate.mark_deleted();
    }

    /// Takes out some entries, and answers whether that were the last ones. The gate is shut by then, and a write that
    /// came through it before is done once the lock is free, so no entry is left behind.
    pub(crate) fn clear_step(&self) -> bool {
        let is_last = {
            let mut index = self.lock_index();
            let keys = index.take_keys(STEP);
            // Under the lock: then who finds the index empty knows that the values are gone too.
            for key in &keys {
                self.values.remove(key);
            }
            keys.len() < STEP
        };
        if is_last {
            self.settle();
        }
        is_last
    }

    fn settle(&self) {
        self.values.settle();
        self.values.take_forgotten_out(&mut self.lock_index());
    }
}
