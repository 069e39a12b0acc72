//! The cache that holds the entries.

use std::sync::Arc;

use ahash::RandomState;
use moka::{notification::RemovalCause, policy::EvictionPolicy, sync::Cache};

use crate::table::{
    cache::{cached_entry::Record, evicted::Forgotten, pending::Backlog},
    index::ordered_index::Index,
};

/// The cache that holds the entries, by key. Only who has the index's lock puts anything in.
///
/// Moka's `Expiry` is not used: it goes by a clock of its own, and would drop what is alive by an injected clock that
/// stands still, or by a clock of the machine that was set back.
///
/// Keys are hashed by ahash: faster than the standard library's hash, and under a random seed as well, so that nobody can
/// choose session ids that collide.
pub(crate) struct Values {
    cache: Cache<Arc<str>, Record, RandomState>,
    backlog: Backlog,
    /// Where there is a bound.
    forgotten: Option<Arc<Forgotten>>,
}

impl Values {
    /// A cache that keeps everything.
    pub(crate) fn unbounded() -> Self {
        Self {
            cache: Cache::builder().build_with_hasher(RandomState::new()),
            backlog: Backlog::new(None),
            forgotten: None,
        }
    }

    /// A cache that stays within `max_bytes`, and forgets for that what was not used for longest.
    pub(crate) fn bounded(max_bytes: u64) -> Self {
        let forgotten = Arc::<Forgotten>::default();
        let listener = Arc::clone(&forgotten);
        let cache = Cache::builder()
            // To moka, 0 means that it holds nothing and tells of nothing. No entry fits into 1 either.
            .max_capacity(max_bytes.max(1))
            // Moka's default refuses a new entry that is asked for less often than the old ones: a namespace that is
            // full of idle sessions would take no other login.
            .eviction_policy(EvictionPolicy::lru())
            .weigher(|key: &Arc<str>, record: &Record| u32::try_from(record.bytes(key)).unwrap_or(u32::MAX))
            .eviction_listener(move |key: Arc<Arc<str>>, record: Record, cause| {
                if cause == RemovalCause::Size {
                    listener.add(Arc::<str>::clone(&key), record.version);
                }
            })
            .build_with_hasher(RandomState::new());
        Self { cache, backlog: Backlog::new(Some(max_bytes)), forgotten: Some(forgotten) }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Record> {
        self.cache.get(key)
    }

    pub(crate) fn insert(&self, key: Arc<str>, record: Record) {
        let bytes = record.bytes(&key);
        self.cache.insert(key, record);
        self.count(bytes);
    }

    pub(crate) fn remove(&self, key: &str) {
        // Not `invalidate`: the record is needed for its size.
        if let Some(record) = self.cache.remove(key) {
            let bytes = record.bytes(key);
            drop(record);
            self.count(bytes);
        }
    }

    fn count(&self, bytes: u64) {
        if self.backlog.add(bytes) {
            self.settle();
        }
    }

    /// Lets moka do what it put off: make room, and let go of what was taken out.
    pub(crate) fn settle(&self) {
        self.cache.run_pending_tasks();
    }

    /// Takes what was forgotten out of `index`.
    pub(crate) fn take_forgotten_out(&self, index: &mut Index) {
        if let Some(forgotten) = &self.forgotten {
            forgotten.take_out(index);
        }
    }

    #[cfg(test)]
    pub(crate) fn cache(&self) -> &Cache<Arc<str>, Record, RandomState> {
        &self.cache
    }
}
