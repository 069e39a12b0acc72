//! The ordered index beside the cache.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    ops::RangeBounds,
    sync::Arc,
};

use kv_core::{Metadata, Timestamp, Version};

use crate::table::index::key::Name;

/// What a namespace knows of its entries without their values: their keys in order, their deadlines in order, and the
/// last version that was given.
#[derive(Default)]
pub(crate) struct Index {
    entries: BTreeMap<Name, Indexed>,
    /// Versions, and not keys, tell equal deadlines apart, since they compare faster.
    deadlines: BTreeMap<(Timestamp, u64), Arc<str>>,
    last_version: u64,
}

/// What the index knows of an entry.
#[derive(Clone)]
pub(crate) struct Indexed {
    pub(crate) version: Version,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) metadata: Option<Metadata>,
}

impl Indexed {
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|deadline| !deadline.has_passed(now))
    }

    fn deadline(&self) -> Option<(Timestamp, u64)> {
        self.expires_at.map(|deadline| (deadline, self.version.as_u64()))
    }
}

impl Index {
    /// A version that nothing had before.
    pub(crate) fn next_version(&mut self) -> Version {
        self.last_version += 1;
        Version::new(self.last_version)
    }

    /// The version of the live entry under `key`, if there is one.
    pub(crate) fn live_version(&self, key: &str, now: Timestamp) -> Option<Version> {
        let indexed = self.entries.get(&Name::from(key))?;
        indexed.is_live(now).then_some(indexed.version)
    }

    /// Puts `indexed` in the place of what is under `key`, and answers the key's text, to share.
    pub(crate) fn insert(&mut self, key: &str, indexed: Indexed) -> Arc<str> {
        let deadline = indexed.deadline();
        let (text, replaced) = match self.entries.entry(key.into()) {
            Entry::Vacant(vacant) => {
                let text = Arc::clone(vacant.key().text());
                vacant.insert(indexed);
                (text, None)
            }
            Entry::Occupied(mut occupied) => {
                let replaced = occupied.insert(indexed);
                (Arc::clone(occupied.key().text()), replaced.deadline())
            }
        };
        if let Some(replaced) = replaced {
            self.deadlines.remove(&replaced);
        }
        if let Some(deadline) = deadline {
            self.deadlines.insert(deadline, Arc::clone(&text));
        }
        text
    }

    /// Takes out what is under `key`, and answers whether there was anything.
    pub(crate) fn remove(&mut self, key: &str) -> bool {
        let removed = self.entries.remove(&Name::from(key));
        if let Some(deadline) = removed.as_ref().and_then(Indexed::deadline) {
            self.deadlines.remove(&deadline);
        }
        removed.is_some()
    }

    /// Takes out what is under `key`, if the write `version` made it.
    pub(crate) fn remove_version(&mut self, key: Arc<str>, version: Version) {
        if let Entry::Occupied(occupied) = self.entries.entry(key.into())
            && occupied.get().version == version
            && let Some(deadline) = occupied.remove().deadline()
        {
            self.deadlines.remove(&deadline);
        }
    }

    /// Takes out the entry that expired first, if one has, and answers its key.
    pub(crate) fn pop_expired(&mut self, now: Timestamp) -> Option<Arc<str>> {
        let first = self.deadlines.first_entry()?;
        if !first.key().0.has_passed(now) {
            return None;
        }
        let name = Name::from(first.remove());
        self.entries.remove(&name);
        Some(Arc::clone(name.text()))
    }

    /// Takes out the first `limit` entries, and answers their keys.
    pub(crate) fn take_keys(&mut self, limit: usize) -> Vec<Arc<str>> {
        let taken = std::iter::from_fn(|| self.entries.pop_first()).take(limit);
        let keys = taken.map(|(name, indexed)| {
            if let Some(deadline) = indexed.deadline() {
                self.deadlines.remove(&deadline);
            }
            Arc::clone(name.text())
        });
        keys.collect()
    }

    /// The entries in `range`, in the order of their keys.
    pub(crate) fn range(&self, range: impl RangeBounds<Name>) -> impl Iterator<Item = (&Arc<str>, &Indexed)> {
        let entries = self.entries.range(range);
        entries.map(|(name, indexed)| (name.text(), indexed))
    }

    /// Panics unless the deadlines are exactly those of the entries.
    #[cfg(test)]
    pub(crate) fn check(&self) {
        let entries = self.entries.iter();
        let deadlines =
            entries.filter_map(|(name, indexed)| Some((indexed.deadline()?, Arc::clone(name.text()))));
        assert_eq!(deadlines.collect::<BTreeMap<_, _>>(), self.deadlines);
    }
}
