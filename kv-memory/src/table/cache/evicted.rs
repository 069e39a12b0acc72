//! Evicted entries: the log between moka, which evicts to stay within a bound, and the index, which still
//! lists them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kv_core::Version;

/// Keys that moka evicted and the index may still list, with their versions.
///
/// It has a lock of its own: moka reports evictions during a write, under the index's lock, and during a
/// read, under no lock.
#[derive(Default)]
pub(super) struct Evicted(Mutex<Vec<(Arc<str>, Version)>>);

impl Evicted {
    pub(super) fn add(&self, key: Arc<str>, version: Version) {
        self.lock().push((key, version));
    }

    /// Returns all keys and versions, and empties the log.
    pub(super) fn drain(&self) -> Vec<(Arc<str>, Version)> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Arc<str>, Version)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
