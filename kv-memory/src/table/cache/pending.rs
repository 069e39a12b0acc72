//! What moka has yet to deal with.

use std::sync::atomic::{AtomicU64, Ordering};

/// The bytes of the entries that were put in or taken out since moka last dealt with such.
///
/// Moka makes room, and lets go of what was taken out, only once some dozens of entries are waiting for it, whatever
/// their size. Of the largest ones that would be more than a gigabyte.
pub(crate) struct Backlog {
    bytes: AtomicU64,
    limit: u64,
}

impl Backlog {
    /// As much as may wait where there is no bound.
    const LIMIT: u64 = 1 << 20;

    /// The backlog of a cache that is bounded by `max_bytes`, if it is. It may pass its bound by a small part.
    pub(crate) fn new(max_bytes: Option<u64>) -> Self {
        let limit = max_bytes.map_or(Self::LIMIT, |max_bytes| Self::LIMIT.min(max_bytes / 16));
        Self { bytes: AtomicU64::new(0), limit }
    }

    /// Counts `bytes` in, and answers whether moka should deal with all of it now.
    pub(crate) fn add(&self, bytes: u64) -> bool {
        let waiting = self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let due = waiting > self.limit;
        if due {
            self.bytes.store(0, Ordering::Relaxed);
        }
        due
    }
}
