//! The model: what a namespace holds.

use std::{collections::BTreeMap, ops::Bound};

use kv_core::Value;

/// What the model holds under a key. It counts deadlines by itself, in seconds since the epoch.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) value: Value,
    pub(super) metadata: Option<String>,
    pub(super) expires_at: Option<u64>,
}

#[derive(Debug)]
struct Held {
    record: Record,
    write: u64,
    /// Whether it has been expired at some time, and so may have been reclaimed.
    lapsed: bool,
}

/// What a namespace must hold, at the time that it was last told.
#[derive(Debug, Default)]
pub(super) struct Records {
    held: BTreeMap<String, Held>,
    now: u64,
    writes: u64,
}

impl Held {
    fn is_expired(&self, now: u64) -> bool {
        self.record.expires_at.is_some_and(|deadline| deadline <= now)
    }
}

impl Records {
    /// Sets the time, in seconds since the epoch.
    pub(super) fn set_now(&mut self, now: u64) {
        self.now = now;
        for held in self.held.values_mut() {
            held.lapsed |= held.is_expired(now);
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// Replaces what is under `key`; answers the number of the write.
    pub(super) fn write(&mut self, key: &str, record: Record) -> u64 {
        let write = self.next_write();
        let mut held = Held { record, write, lapsed: false };
        held.lapsed = held.is_expired(self.now);
        self.held.insert(key.to_owned(), held);
        write
    }

    /// Removes what is under `key`; answers the number of the removal, which is a write too.
    pub(super) fn remove(&mut self, key: &str) -> u64 {
        self.held.remove(key);
        self.next_write()
    }

    fn next_write(&mut self) -> u64 {
        self.writes += 1;
        self.writes
    }

    /// Forgets for good what has expired by now.
    pub(super) fn sweep(&mut self) {
        let now = self.now;
        self.held.retain(|_, held| !held.is_expired(now));
    }

    /// Takes note of whether the subject has `key`. That decides what became of an entry that had expired before the
    /// clock was set back: it is there again, or it had been reclaimed.
    pub(super) fn settle(&mut self, key: &str, seen: bool) {
        let now = self.now;
        let Some(held) = self.held.get_mut(key).filter(|held| held.lapsed && !held.is_expired(now)) else {
            return;
        };
        if seen {
            held.lapsed = false;
        } else {
            self.held.remove(key);
        }
    }

    /// What is under `key`, unless it has expired.
    pub(super) fn get(&self, key: &str) -> Option<&Record> {
        self.live(key).map(|held| &held.record)
    }

    /// The number of the write that made what is under `key`, unless it has expired.
    pub(super) fn write_of(&self, key: &str) -> Option<u64> {
        self.live(key).map(|held| held.write)
    }

    fn live(&self, key: &str) -> Option<&Held> {
        self.held.get(key).filter(|held| !held.is_expired(self.now))
    }

    /// The keys that start with `prefix` and come after `after`, in ascending order of their bytes.
    pub(super) fn list<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a str, &'a Record)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let in_order = self.held.range::<str, _>((start, Bound::Unbounded));
        let live = in_order.filter(move |(key, held)| key.starts_with(prefix) && !held.is_expired(self.now));
        live.map(|(key, held)| (key.as_str(), &held.record))
    }
}
