//! Maintenance that moka has put off, counted in bytes.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of the entries that were inserted or removed since moka last ran its pending tasks.
///
/// moka evicts entries, and frees removed ones, only once some dozens are pending, whatever their size. Of
/// the largest entries that would be more than a gigabyte.
pub(crate) struct PendingMaintenance {
    bytes: AtomicU64,
    limit: u64,
}

impl PendingMaintenance {
    /// Maximum of pending bytes: 1 MiB.
    const MAX_BYTES: u64 = 1 << 20;

    /// Returns the count for a cache with a bound of `max_bytes`, if it has one. Then a sixteenth of the
    /// bound may be pending at most, so the cache exceeds its bound by no more.
    pub(crate) fn new(max_bytes: Option<u64>) -> Self {
        let limit = max_bytes.map_or(Self::MAX_BYTES, |max_bytes| Self::MAX_BYTES.min(max_bytes / 16));
        Self { bytes: AtomicU64::new(0), limit }
    }

    /// Adds `bytes`. Returns `true` if moka should run its pending tasks now; the count then starts again.
    pub(crate) fn add(&self, bytes: u64) -> bool {
        let waiting = self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let due = waiting > self.limit;
        if due {
            self.bytes.store(0, Ordering::Relaxed);
        }
        due
    }
}
