//! What a workload does with a store, whoever made it.

use anyhow::Result;
use bytes::Bytes;

/// What each entry has whose workload lists it.
pub(crate) const METADATA: &str = r#"{"user":17,"role":"editor"}"#;
/// The deadline of each entry whose workload lists it: the year 2100.
pub(crate) const DEADLINE: u64 = 4_102_444_800;

/// Where a store's concurrent calls come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callers {
    /// Tasks of a runtime with two workers.
    Tasks,
    /// A thread each, since a call blocks.
    Threads,
}

/// A store, as its users use it. Clones are the same store. What blocks is done within the call.
pub(crate) trait Store: Clone + Send + Sync + 'static {
    const CALLERS: Callers;

    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Bytes>>> + Send;

    /// Answers when the value would survive a power cut, where the store has a disk.
    fn put(&self, key: &str, value: Bytes) -> impl Future<Output = Result<()>> + Send;

    /// Puts all of them in the way that costs this store least.
    fn put_many(&self, entries: Vec<(String, Bytes)>) -> impl Future<Output = Result<()>> + Send;

    /// As [`put_many`](Store::put_many), where it is not measured: a store that has nothing better than single puts
    /// may take a way around.
    fn fill(&self, entries: Vec<(String, Bytes)>) -> impl Future<Output = Result<()>> + Send {
        self.put_many(entries)
    }
}

/// A store that lists its keys in order, with a deadline and metadata each.
pub(crate) trait Listing: Store {
    /// Behind which key the next page starts.
    type Position: Default + Send;

    /// Puts all of them, with [`METADATA`] and [`DEADLINE`].
    fn put_many_listed(&self, entries: Vec<(String, Bytes)>) -> impl Future<Output = Result<()>> + Send;

    /// Reads the next page of 1,000 keys, deadlines and metadata included, and answers how many it holds. Starts over
    /// behind the last page.
    fn list_page(&self, position: &mut Self::Position) -> impl Future<Output = Result<usize>> + Send;
}

/// How many bytes of its file a store may keep in memory, where that can be set: kv-redb's default.
pub(crate) const CACHE_BYTES: usize = 256 * 1024 * 1024;

/// The keys of a page.
pub(crate) const PAGE: usize = 1_000;
