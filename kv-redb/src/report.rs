//! What a check and a salvage tell.

use kv_core::{Key, NamespaceId};

/// How many damaged entries a report names; it counts the others.
pub(crate) const MAX_NAMED: usize = 10_000;

/// What [`RedbStore::check`](crate::RedbStore::check) found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckReport {
    /// How many entries are whole: their records and values match their checksums. Expired ones count too.
    pub whole_entries: u64,
    /// How many entries are damaged, as far as they can be told.
    pub damaged_entries: u64,
    /// Those of them whose keys can be read, up to 10,000.
    pub damaged: Vec<DamagedEntry>,
    /// How many pages of the file do not match their checksums. A page that leads to others may hide entries, which then
    /// are in no count.
    pub damaged_pages: u64,
}

impl CheckReport {
    /// Whether nothing is damaged.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.damaged_entries == 0 && self.damaged_pages == 0
    }

    /// Counts a damaged entry.
    pub(crate) fn add_damaged(&mut self, entry: Option<DamagedEntry>) {
        self.damaged_entries += 1;
        if self.damaged.len() < MAX_NAMED {
            self.damaged.extend(entry);
        }
    }
}

/// An entry that is damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DamagedEntry {
    /// The id of its namespace; `None` if that cannot be read.
    pub namespace: Option<NamespaceId>,
    /// Its key, as far as can be told: it may be what is damaged. Think before logging it.
    pub key: Key<'static>,
    /// What is wrong with it.
    pub what: &'static str,
}

/// What [`RedbStore::salvage`](crate::RedbStore::salvage) did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SalvageReport {
    /// What the damaged file held. Its whole entries were copied.
    pub found: CheckReport,
    /// How many namespaces got a new id and a title that starts with `salvaged-`, since theirs cannot be read.
    pub renamed_namespaces: u64,
}

/// How far a check or a salvage is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How many bytes were read so far. Large values are read twice.
    pub bytes_read: u64,
    /// How many bytes the file has.
    pub bytes: u64,
    /// How many entries were met so far.
    pub entries: u64,
}
