//! Item of the cache: an entry with its version.

use kv_core::{Entry, Metadata, Timestamp, Value, Version};

/// Bytes that an entry costs beside its key, its value and its metadata: the nodes of moka and the index, and
/// the reference counts. A test compares it with the heap.
const OVERHEAD: u64 = 512;

/// Item of the cache: all that a read needs.
#[derive(Debug, Clone)]
pub(crate) struct CachedEntry {
    pub(crate) value: Value,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) version: Version,
}

impl CachedEntry {
    /// Returns the entry, with its metadata if `metadata` is set.
    pub(crate) fn into_entry(self, metadata: bool) -> Entry {
        Entry::new(self.value)
            .with_metadata(self.metadata.filter(|_| metadata))
            .with_expires_at(self.expires_at)
    }

    /// Returns the bytes that the item costs under `key`.
    pub(crate) fn bytes(&self, key: &str) -> u64 {
        let metadata = self.metadata.as_ref().map_or("", Metadata::as_str);
        (key.len() + self.value.len() + metadata.len()) as u64 + OVERHEAD
    }
}
