//! Model of a namespace.

use std::{collections::BTreeMap, ops::Bound};

use kv_core::Value;

/// Entry as the model holds it. Its expiry is counted here, in seconds since the epoch, and not by the types
/// under test.
#[derive(Debug, Clone)]
pub(super) struct ModelEntry {
    pub(super) value: Value,
    pub(super) metadata: Option<String>,
    pub(super) expires_at: Option<u64>,
}

/// Entry under a key, with the write that made it.
#[derive(Debug)]
struct Slot {
    entry: ModelEntry,
    write: u64,
    /// `true` if the entry was expired at some time, so that the backend may have reclaimed it.
    may_be_reclaimed: bool,
}

/// Model of a namespace at the time that it was last given.
#[derive(Debug, Default)]
pub(super) struct NamespaceModel {
    slots: BTreeMap<String, Slot>,
    now: u64,
    writes: u64,
}

impl Slot {
    fn is_expired(&self, now: u64) -> bool {
        self.entry.expires_at.is_some_and(|expires_at| expires_at <= now)
    }
}

impl NamespaceModel {
    /// Sets the time, in seconds since the epoch.
    pub(super) fn set_now(&mut self, now: u64) {
        self.now = now;
        for slot in self.slots.values_mut() {
            slot.may_be_reclaimed |= slot.is_expired(now);
        }
    }

    /// Returns the time, in seconds since the epoch.
    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// Replaces the entry under `key`; returns the number of the write.
    pub(super) fn write(&mut self, key: &str, entry: ModelEntry) -> u64 {
        let write = self.next_write();
        let mut slot = Slot { entry, write, may_be_reclaimed: false };
        slot.may_be_reclaimed = slot.is_expired(self.now);
        self.slots.insert(key.to_owned(), slot);
        write
    }

    /// Removes the entry under `key`; returns the number of the removal, which counts as a write.
    pub(super) fn remove(&mut self, key: &str) -> u64 {
        self.slots.remove(key);
        self.next_write()
    }

    fn next_write(&mut self) -> u64 {
        self.writes += 1;
        self.writes
    }

    /// Removes for good every entry that has expired by now.
    pub(super) fn sweep(&mut self) {
        let now = self.now;
        self.slots.retain(|_, slot| !slot.is_expired(now));
    }

    /// Follows the backend where two answers are right: an entry that had expired before the clock was set
    /// back may be there again, or may have been reclaimed. `is_there` says which of them the backend
    /// answered.
    pub(super) fn resolve(&mut self, key: &str, is_there: bool) {
        let now = self.now;
        let slot = self.slots.get_mut(key).filter(|slot| slot.may_be_reclaimed && !slot.is_expired(now));
        let Some(slot) = slot else { return };
        if is_there {
            slot.may_be_reclaimed = false;
        } else {
            self.slots.remove(key);
        }
    }

    /// Returns the entry under `key`, unless it has expired.
    pub(super) fn get(&self, key: &str) -> Option<&ModelEntry> {
        self.live(key).map(|slot| &slot.entry)
    }

    /// Returns the number of the write that made the entry under `key`, unless it has expired.
    pub(super) fn write_of(&self, key: &str) -> Option<u64> {
        self.live(key).map(|slot| slot.write)
    }

    fn live(&self, key: &str) -> Option<&Slot> {
        self.slots.get(key).filter(|slot| !slot.is_expired(self.now))
    }

    /// Returns the keys that start with `prefix` and come after `after`, in ascending order of their bytes.
    pub(super) fn list<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a str, &'a ModelEntry)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let in_order = self.slots.range::<str, _>((start, Bound::Unbounded));
        let live = in_order.filter(move |(key, slot)| key.starts_with(prefix) && !slot.is_expired(self.now));
        live.map(|(key, slot)| (key.as_str(), &slot.entry))
    }
}
