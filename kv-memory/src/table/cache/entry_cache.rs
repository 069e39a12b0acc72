//! Cache of the entries by key, on moka.

use std::sync::Arc;

use ahash::RandomState;
use kv_core::Version;
use moka::{notification::RemovalCause, policy::EvictionPolicy, sync::Cache};

use crate::table::cache::{
    cached_entry::CachedEntry, evicted::Evicted, pending_maintenance::PendingMaintenance,
};

/// Cache of the entries by key. Inserts happen under the index's lock.
///
/// moka's `Expiry` is not used: it has a clock of its own, and would drop entries that are live by an
/// injected clock that stands still, or by a system clock that was set back.
///
/// Keys are hashed by ahash: faster than the standard library's hash, and with a random seed as well, so that
/// clients cannot choose session ids that collide.
pub(crate) struct EntryCache {
    cache: Cache<Arc<str>, CachedEntry, RandomState>,
    pending: PendingMaintenance,
    /// Log of evicted entries; `None` without a bound.
    evicted: Option<Arc<Evicted>>,
}

impl EntryCache {
    /// Returns a cache without a bound.
    pub(crate) fn unbounded() -> Self {
        Self {
            cache: Cache::builder().build_with_hasher(RandomState::new()),
            pending: PendingMaintenance::new(None),
            evicted: None,
        }
    }

    /// Returns a cache that stays within `max_bytes`, and evicts the least recently used entries.
    pub(crate) fn bounded(max_bytes: u64) -> Self {
        let evicted = Arc::<Evicted>::default();
        let listener = Arc::clone(&evicted);
        let cache = Cache::builder()
            // With 0, moka caches nothing and reports no evictions. No entry fits into 1 either.
            .max_capacity(max_bytes.max(1))
            // moka's default policy rejects a new entry that is read less often than the old ones: a
            // namespace full of idle sessions would take no new login.
            .eviction_policy(EvictionPolicy::lru())
            .weigher(|key: &Arc<str>, entry: &CachedEntry| {
                u32::try_from(entry.bytes(key)).unwrap_or(u32::MAX)
            })
            .eviction_listener(move |key: Arc<Arc<str>>, entry: CachedEntry, cause| {
                if cause == RemovalCause::Size {
                    listener.add(Arc::<str>::clone(&key), entry.version);
                }
            })
            .build_with_hasher(RandomState::new());
        Self { cache, pending: PendingMaintenance::new(Some(max_bytes)), evicted: Some(evicted) }
    }

    pub(crate) fn get(&self, key: &str) -> Option<CachedEntry> {
        self.cache.get(key)
    }

    pub(crate) fn insert(&self, key: Arc<str>, entry: CachedEntry) {
        let bytes = entry.bytes(&key);
        self.cache.insert(key, entry);
        self.count(bytes);
    }

    pub(crate) fn remove(&self, key: &str) {
        // Not `invalidate`: the entry is needed for its size.
        if let Some(entry) = self.cache.remove(key) {
            let bytes = entry.bytes(key);
            drop(entry);
            self.count(bytes);
        }
    }

    fn count(&self, bytes: u64) {
        if self.pending.add(bytes) {
            self.run_pending_tasks();
        }
    }

    /// Runs moka's pending tasks: evicts entries over the bound, and frees removed ones.
    pub(crate) fn run_pending_tasks(&self) {
        self.cache.run_pending_tasks();
    }

    /// Returns the keys and versions that were evicted since the last call.
    pub(crate) fn drain_evicted(&self) -> Vec<(Arc<str>, Version)> {
        self.evicted.as_ref().map(|evicted| evicted.drain()).unwrap_or_default()
    }

    #[cfg(test)]
    pub(crate) fn cache(&self) -> &Cache<Arc<str>, CachedEntry, RandomState> {
        &self.cache
    }
}
