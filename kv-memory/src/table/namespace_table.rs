//! Table of one namespace: its entries in a cache and an index.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kv_core::{
    Clock, Conditional, Entry, Error, Expected, GetOptions, Key, ListOptions, ListPage, PutOptions, Result,
    Timestamp, Value, Version,
};

use crate::{
    base::liveness::Liveness,
    table::{
        cache::{cached_entry::CachedEntry, entry_cache::EntryCache},
        index::ordered_index::{IndexEntry, OrderedIndex},
    },
};

/// Entries of one namespace: the cache that holds them, and the index with their order and their expiries.
///
/// Every change is made to both under the index's lock, with no await in between. Reads use the cache alone.
pub(crate) struct NamespaceTable {
    pub(super) cache: EntryCache,
    pub(super) index: Mutex<OrderedIndex>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) liveness: Liveness,
}

/// Change of a key.
pub(crate) enum Change {
    Put(Value, PutOptions),
    Remove,
}

impl NamespaceTable {
    pub(crate) fn new(cache: EntryCache, clock: Arc<dyn Clock>, liveness: Liveness) -> Self {
        Self { cache, index: Mutex::default(), clock, liveness }
    }

    pub(crate) fn read(&self, key: &Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        let entry = self.find(key);
        self.liveness.check("read", Some(key))?;
        Ok(entry.map(|entry| entry.into_entry(options.metadata)))
    }

    pub(crate) fn read_versioned(&self, key: &Key<'_>) -> Result<Option<(Entry, Version)>> {
        let entry = self.find(key);
        self.liveness.check("read_versioned", Some(key))?;
        Ok(entry.map(|entry| {
            let version = entry.version;
            (entry.into_entry(true), version)
        }))
    }

    pub(crate) fn read_many(&self, keys: &[Key<'_>], options: GetOptions) -> Result<Vec<Option<Entry>>> {
        let entries = keys.iter().map(|key| {
            let entry = self.find(key)?;
            Some(entry.into_entry(options.metadata))
        });
        let entries = entries.collect();
        self.liveness.check("read_many", None)?;
        Ok(entries)
    }

    /// Returns the live entry under `key`. Callers check the liveness afterwards: a deletion marks the
    /// namespace before it removes entries, so a removed one is not reported as absent.
    fn find(&self, key: &Key<'_>) -> Option<CachedEntry> {
        let mut entry = self.cache.get(key.as_str())?;
        while entry.expires_at.is_some_and(|expires_at| expires_at.has_passed(self.clock.now())) {
            // It may have been replaced in time, before the clock was read.
            let again = self.cache.get(key.as_str())?;
            if again.version == entry.version {
                return None;
            }
            entry = again;
        }
        Some(entry)
    }

    pub(crate) fn list_page(&self, options: &ListOptions) -> Result<ListPage> {
        let range = options.key_range();
        let range = range.map_err(|error| Error::from(error).with_operation("list_page"))?;
        let page = {
            let mut index = self.lock("list_page", None)?;
            self.drop_evicted(&mut index);
            range.map(|range| index.page(range, options.limit(), self.clock.now())).unwrap_or_default()
        };
        page.into_page(options)
    }

    pub(crate) fn write(&self, key: &Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        self.change("write", key, None, Change::Put(value, options)).map(drop)
    }

    pub(crate) fn remove(&self, key: &Key<'_>) -> Result<()> {
        self.change("remove", key, None, Change::Remove).map(drop)
    }

    /// Applies `change` to `key`, if the entry there is the `expected` one; without `expected`, always.
    pub(crate) fn change(
        &self,
        operation: &'static str,
        key: &Key<'_>,
        expected: Option<Expected>,
        change: Change,
    ) -> Result<Conditional> {
        let mut index = self.lock(operation, Some(key))?;
        let now = self.clock.now();
        if expected.is_some_and(|expected| !expected.holds(index.live_version(key.as_str(), now))) {
            return Ok(Conditional::Conflict);
        }
        let version = self.apply(&mut index, key, change, now);
        self.housekeep(&mut index, now);
        Ok(Conditional::Applied(version))
    }

    pub(super) fn apply(
        &self,
        index: &mut OrderedIndex,
        key: &Key<'_>,
        change: Change,
        now: Timestamp,
    ) -> Version {
        let version = index.next_version();
        match change {
            Change::Put(value, options) => {
                let entry = CachedEntry {
                    value,
                    expires_at: options.expires_at(now),
                    metadata: options.metadata,
                    version,
                };
                let index_entry =
                    IndexEntry { version, expires_at: entry.expires_at, metadata: entry.metadata.clone() };
                self.cache.insert(index.insert(key.as_str(), index_entry), entry);
            }
            Change::Remove => {
                if index.remove(key.as_str()) {
                    self.cache.remove(key.as_str());
                }
            }
        }
        version
    }

    pub(super) fn lock(
        &self,
        operation: &'static str,
        key: Option<&Key<'_>>,
    ) -> Result<MutexGuard<'_, OrderedIndex>> {
        let index = self.lock_index();
        self.liveness.check(operation, key)?;
        Ok(index)
    }

    pub(super) fn lock_index(&self) -> MutexGuard<'_, OrderedIndex> {
        // An injected clock may panic under the lock, before a change has begun.
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
