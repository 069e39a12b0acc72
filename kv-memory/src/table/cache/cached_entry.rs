//! What the cache holds under a key.

use kv_core::{Entry, Metadata, Timestamp, Value, Version};

/// What an entry costs beside the bytes of its key, its value and its metadata: the nodes of moka and the index, and
/// the counts of what is shared. A test compares it with the heap.
const OVERHEAD: u64 = 512;

/// What the cache holds under a key: all that a read needs.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) value: Value,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) version: Version,
}

impl Record {
    /// The entry, with its metadata if it is wanted.
    pub(crate) fn into_entry(self, metadata: bool) -> Entry {
        Entry::new(self.value)
            .with_metadata(self.metadata.filter(|_| metadata))
            .with_expires_at(self.expires_at)
    }

    /// The bytes that it costs under `key`.
    pub(crate) fn bytes(&self, key: &str) -> u64 {
        let metadata = self.metadata.as_ref().map_or("", Metadata::as_str);
        (key.len() + self.value.len() + metadata.len()) as u64 + OVERHEAD
    }
}
