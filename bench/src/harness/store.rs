//! Traits of a store: the calls that workloads make.

use anyhow::Result;
use bytes::Bytes;

/// Metadata of each listed entry.
pub(crate) const METADATA: &str = r#"{"user":17,"role":"editor"}"#;
/// Expiry of each listed entry: the start of the year 2100.
pub(crate) const EXPIRES_AT: u64 = 4_102_444_800;

/// Source of a store's concurrent calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callers {
    /// Tasks of a runtime with two workers.
    Tasks,
    /// A thread per caller, since a call blocks.
    Threads,
}

/// A store, called as its users call it. Clones share one store. A blocking store blocks within the call.
pub(crate) trait Store: Clone + Send + Sync + 'static {
    const CALLERS: Callers;

    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Bytes>>> + Send;

    /// Puts a value; returns once it would survive a power cut, if the store has a disk.
    fn put(&self, key: &str, value: Bytes) -> impl Future<Output = Result<()>> + Send;

    /// Puts all entries in the way that costs this store least.
    fn put_many(&self, entries: Vec<(String, Bytes)>) -> impl Future<Output = Result<()>> + Send;

    /// Puts all entries outside of the measured time. Stores with single puts alone may bypass their own
    /// interface.
    fn fill(&self, entries: Vec<(String, Bytes)>) -> impl Future<Output = Result<()>> + Send {
        self.put_many(entries)
    }
}

/// A store that lists its keys in order, with expiry and metadata.
pub(crate) trait Listing: Store {
    /// Position of the next page.
    type Position: Default + Send;

    /// Puts all entries with [`METADATA`] and [`EXPIRES_AT`].
    fn put_many_listed(&self, entries: Vec<(String, Bytes)>) -> impl Future<Output = Result<()>> + Send;

    /// Reads the next page of [`PAGE`] keys with expiry and metadata, and returns how many it holds. Starts
    /// again after the last page.
    fn list_page(&self, position: &mut Self::Position) -> impl Future<Output = Result<usize>> + Send;
}

/// Bytes of its file that a store may cache, where that can be set: kv-redb's default.
pub(crate) const CACHE_BYTES: usize = 256 * 1024 * 1024;

/// Keys per page.
pub(crate) const PAGE: usize = 1_000;
