//! Reclaiming of expired, evicted and deleted entries.

use kv_core::Timestamp;

use crate::table::{
    index::ordered_index::OrderedIndex,
    namespace_table::NamespaceTable,
    steps::{STEP, yield_now},
};

/// Maximum number of expired entries that a write reclaims. It is more than the one entry that a write may
/// add, so expired entries do not pile up where there are writes.
const RECLAIMED_PER_WRITE: usize = 8;

impl NamespaceTable {
    /// Reclaims a few expired entries, and all evicted ones, on behalf of a write that has the lock.
    pub(super) fn housekeep(&self, index: &mut OrderedIndex, now: Timestamp) {
        self.reclaim(index, now, RECLAIMED_PER_WRITE);
        self.drop_evicted(index);
    }

    /// Removes up to `limit` expired entries. Returns their number.
    fn reclaim(&self, index: &mut OrderedIndex, now: Timestamp, limit: usize) -> usize {
        let expired = std::iter::from_fn(|| index.pop_expired(now)).take(limit);
        expired.map(|key| self.cache.remove(&key)).count()
    }

    /// Removes every expired entry. Returns their number.
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
        self.run_pending_tasks();
        swept
    }

    /// Fails every later operation, as on a deleted namespace.
    pub(crate) fn mark_deleted(&self) {
        self.liveness.mark_deleted();
    }

    /// Removes some entries of a table that was marked deleted. Returns `true` after the last ones. A write
    /// that passed the check of liveness before has ended once the lock is free, so no entry is left behind.
    pub(crate) fn clear_step(&self) -> bool {
        let is_last = {
            let mut index = self.lock_index();
            let keys = index.take_keys(STEP);
            // Under the lock, so that an empty index means an empty cache.
            for key in &keys {
                self.cache.remove(key);
            }
            keys.len() < STEP
        };
        if is_last {
            self.run_pending_tasks();
        }
        is_last
    }

    fn run_pending_tasks(&self) {
        self.cache.run_pending_tasks();
        self.drop_evicted(&mut self.lock_index());
    }

    /// Removes the entries from `index` that the cache has evicted, unless they were written again since
    /// then.
    pub(super) fn drop_evicted(&self, index: &mut OrderedIndex) {
        for (key, version) in self.cache.drain_evicted() {
            index.remove_version(key, version);
        }
    }
}
