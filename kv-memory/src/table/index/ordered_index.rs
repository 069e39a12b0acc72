//! Ordered index of a table, beside its cache.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    ops::RangeBounds,
    sync::Arc,
};

use kv_core::{Metadata, Timestamp, Version};

use crate::table::index::index_key::IndexKey;

/// Keys in order and expiries in order, without the values, and the last version.
#[derive(Default)]
pub(crate) struct OrderedIndex {
    entries: BTreeMap<IndexKey, IndexEntry>,
    /// Keys by expiry and version. Versions tell equal expiries apart, since they compare faster than keys.
    expiries: BTreeMap<(Timestamp, u64), Arc<str>>,
    last_version: u64,
}

/// Entry in the index: all but the value.
#[derive(Clone)]
pub(crate) struct IndexEntry {
    pub(crate) version: Version,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) metadata: Option<Metadata>,
}

impl IndexEntry {
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|expires_at| !expires_at.has_passed(now))
    }

    fn expiry(&self) -> Option<(Timestamp, u64)> {
        self.expires_at.map(|expires_at| (expires_at, self.version.as_u64()))
    }
}

impl OrderedIndex {
    /// Returns a new version.
    pub(crate) fn next_version(&mut self) -> Version {
        self.last_version += 1;
        Version::new(self.last_version)
    }

    /// Returns the version of the live entry under `key`, if there is one.
    pub(crate) fn live_version(&self, key: &str, now: Timestamp) -> Option<Version> {
        let entry = self.entries.get(&IndexKey::from(key))?;
        entry.is_live(now).then_some(entry.version)
    }

    /// Inserts `entry` under `key` and replaces the old one. Returns the key's text, to share.
    pub(crate) fn insert(&mut self, key: &str, entry: IndexEntry) -> Arc<str> {
        let expiry = entry.expiry();
        let (text, replaced) = match self.entries.entry(key.into()) {
            Entry::Vacant(vacant) => {
                let text = Arc::clone(vacant.key().text());
                vacant.insert(entry);
                (text, None)
            }
            Entry::Occupied(mut occupied) => {
                let replaced = occupied.insert(entry);
                (Arc::clone(occupied.key().text()), replaced.expiry())
            }
        };
        if let Some(replaced) = replaced {
            self.expiries.remove(&replaced);
        }
        if let Some(expiry) = expiry {
            self.expiries.insert(expiry, Arc::clone(&text));
        }
        text
    }

    /// Removes the entry under `key`. Returns `true` if there was one.
    pub(crate) fn remove(&mut self, key: &str) -> bool {
        let removed = self.entries.remove(&IndexKey::from(key));
        if let Some(expiry) = removed.as_ref().and_then(IndexEntry::expiry) {
            self.expiries.remove(&expiry);
        }
        removed.is_some()
    }

    /// Removes the entry under `key` if it has this version.
    pub(crate) fn remove_version(&mut self, key: Arc<str>, version: Version) {
        if let Entry::Occupied(occupied) = self.entries.entry(key.into())
            && occupied.get().version == version
            && let Some(expiry) = occupied.remove().expiry()
        {
            self.expiries.remove(&expiry);
        }
    }

    /// Removes the entry that expired first, if one has. Returns its key.
    pub(crate) fn pop_expired(&mut self, now: Timestamp) -> Option<Arc<str>> {
        let first = self.expiries.first_entry()?;
        if !first.key().0.has_passed(now) {
            return None;
        }
        let key = IndexKey::from(first.remove());
        self.entries.remove(&key);
        Some(Arc::clone(key.text()))
    }

    /// Removes the first `limit` entries. Returns their keys.
    pub(crate) fn take_keys(&mut self, limit: usize) -> Vec<Arc<str>> {
        let taken = std::iter::from_fn(|| self.entries.pop_first()).take(limit);
        let keys = taken.map(|(key, entry)| {
            if let Some(expiry) = entry.expiry() {
                self.expiries.remove(&expiry);
            }
            Arc::clone(key.text())
        });
        keys.collect()
    }

    /// Returns the entries in `range`, in the order of their keys.
    pub(crate) fn range(
        &self,
        range: impl RangeBounds<IndexKey>,
    ) -> impl Iterator<Item = (&Arc<str>, &IndexEntry)> {
        let entries = self.entries.range(range);
        entries.map(|(key, entry)| (key.text(), entry))
    }

    /// Panics unless the expiries are exactly those of the entries.
    #[cfg(test)]
    pub(crate) fn check(&self) {
        let entries = self.entries.iter();
        let expiries = entries.filter_map(|(key, entry)| Some((entry.expiry()?, Arc::clone(key.text()))));
        assert_eq!(expiries.collect::<BTreeMap<_, _>>(), self.expiries);
    }
}

#[cfg(test)]
mod tests {
    use kv_core::Version;

    use super::{IndexEntry, OrderedIndex};

    #[test]
    fn removing_a_version_keeps_a_later_one() {
        let mut index = OrderedIndex::default();
        for (key, number) in [("again", 1), ("gone", 2), ("again", 3)] {
            let version = Version::new(number);
            index.insert(key, IndexEntry { version, expires_at: None, metadata: None });
        }
        for (key, number) in [("again", 1), ("gone", 2), ("never there", 4)] {
            index.remove_version(key.into(), Version::new(number));
        }
        let left: Vec<_> = index.range(..).map(|(key, entry)| (&**key, entry.version)).collect();
        assert_eq!(left, [("again", Version::new(3))]);
    }
}
