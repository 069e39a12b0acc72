//! The entries of one namespace.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kv_core::{
    Clock, Conditional, Entry, Error, Expected, GetOptions, Key, ListOptions, ListPage, PutOptions, Result,
    Timestamp, Value, Version,
};

use crate::{
    base::liveness::Gate,
    table::{
        cache::{cached_entry::Record, entry_cache::Values},
        index::ordered_index::{Index, Indexed},
    },
};

/// The most entries that a bulk write or a sweep handles before it lets others have the lock and the thread.
pub(super) const STEP: usize = 256;

/// The entries of one namespace: the cache that holds them, and beside it the index that has their order and their
/// deadlines.
///
/// Every change is made to both under the index's lock, with no await in between. Reads ask the cache alone.
pub(crate) struct Table {
    pub(super) values: Values,
    pub(super) index: Mutex<Index>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) gate: Gate,
}

/// What becomes of a key.
pub(crate) enum Change {
    Put(Value, PutOptions),
    Remove,
}

impl Table {
    pub(crate) fn new(values: Values, clock: Arc<dyn Clock>, gate: Gate) -> Self {
        Self { values, index: Mutex::default(), clock, gate }
    }

    pub(crate) fn read(&self, key: &Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        let record = self.find(key);
        self.gate.check("read", Some(key))?;
        Ok(record.map(|record| record.into_entry(options.metadata)))
    }

    pub(crate) fn read_versioned(&self, key: &Key<'_>) -> Result<Option<(Entry, Version)>> {
        let record = self.find(key);
        self.gate.check("read_versioned", Some(key))?;
        Ok(record.map(|record| {
            let version = record.version;
            (record.into_entry(true), version)
        }))
    }

    pub(crate) fn read_many(&self, keys: &[Key<'_>], options: GetOptions) -> Result<Vec<Option<Entry>>> {
        let entries = keys.iter().map(|key| {
            let record = self.find(key)?;
            Some(record.into_entry(options.metadata))
        });
        let entries = entries.collect();
        self.gate.check("read_many", None)?;
        Ok(entries)
    }

    /// The live record under `key`. The gate is asked afterwards: a deletion shuts it before it takes anything out, so
    /// what a deletion took out is not answered as absent.
    fn find(&self, key: &Key<'_>) -> Option<Record> {
        let mut record = self.values.get(key.as_str())?;
        while record.expires_at.is_some_and(|deadline| deadline.has_passed(self.clock.now())) {
            // Another one may have taken its place in time, before the clock was asked.
            let again = self.values.get(key.as_str())?;
            if again.version == record.version {
                return None;
            }
            record = again;
        }
        Some(record)
    }

    pub(crate) fn list_page(&self, options: &ListOptions) -> Result<ListPage> {
        let range = options.key_range();
        let range = range.map_err(|error| Error::from(error).with_operation("list_page"))?;
        let found = {
            let mut index = self.lock("list_page", None)?;
            self.values.take_forgotten_out(&mut index);
            range.map(|range| index.page(range, options.limit(), self.clock.now())).unwrap_or_default()
        };
        found.into_page(options)
    }

    pub(crate) fn write(&self, key: &Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        self.change("write", key, None, Change::Put(value, options)).map(drop)
    }

    pub(crate) fn remove(&self, key: &Key<'_>) -> Result<()> {
        self.change("remove", key, None, Change::Remove).map(drop)
    }

    /// Makes `change` to `key`, if what is there is what is expected, where anything is.
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
        self.tidy(&mut index, now);
        Ok(Conditional::Applied(version))
    }

    pub(super) fn apply(&self, index: &mut Index, key: &Key<'_>, change: Change, now: Timestamp) -> Version {
        let version = index.next_version();
        match change {
            Change::Put(value, options) => {
                let record = Record {
                    value,
                    expires_at: options.expires_at(now),
                    metadata: options.metadata,
                    version,
                };
                let indexed =
                    Indexed { version, expires_at: record.expires_at, metadata: record.metadata.clone() };
                self.values.insert(index.insert(key.as_str(), indexed), record);
            }
            Change::Remove => {
                if index.remove(key.as_str()) {
                    self.values.remove(key.as_str());
                }
            }
        }
        version
    }

    pub(super) fn lock(
        &self,
        operation: &'static str,
        key: Option<&Key<'_>>,
    ) -> Result<MutexGuard<'_, Index>> {
        let index = self.lock_index();
        self.gate.check(operation, key)?;
        Ok(index)
    }

    pub(super) fn lock_index(&self) -> MutexGuard<'_, Index> {
        // A clock may panic under the lock. No change has begun by then.
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
