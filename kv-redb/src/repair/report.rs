//! Reports of a check and of a salvage.

use kv_core::{Key, NamespaceId};

/// Most damaged entries that a report names; it counts the others.
pub(crate) const MAX_NAMED: usize = 10_000;

/// Report of [`RedbStore::check`](crate::RedbStore::check).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckReport {
    /// Number of entries that are whole: their records and values match their checksums. Expired ones count too.
    pub whole_entries: u64,
    /// Number of entries that are damaged, as far as they can be told.
    pub damaged_entries: u64,
    /// Those of them whose keys can be read, up to 10,000.
    pub damaged: Vec<DamagedEntry>,
    /// Number of pages of the file that do not match their checksums. A page that leads to others may hide entries,
    /// which then are in no count.
    pub damaged_pages: u64,
}

impl CheckReport {
    /// `true` if nothing is damaged.
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
    /// Description of the damage.
    pub what: &'static str,
}

/// Report of [`RedbStore::salvage`](crate::RedbStore::salvage).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SalvageReport {
    /// Report on the damaged file. Its whole entries were copied.
    pub found: CheckReport,
    /// Number of namespaces that got a new id and a title that starts with `salvaged-`, since theirs cannot be read.
    pub renamed_namespaces: u64,
}

/// Progress of a check or a salvage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Number of bytes read so far. Large values are read twice.
    pub bytes_read: u64,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// Number of entries met so far.
    pub entries: u64,
}
