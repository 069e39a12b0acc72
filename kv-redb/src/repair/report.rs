//! Reports of a check and of a salvage.

use kv_core::{Key, NamespaceId};

/// Upper bound on the damaged entries that a report names; it counts the others.
pub(crate) const MAX_NAMED: usize = 10_000;

/// Report of [`RedbStore::check`](crate::RedbStore::check).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckReport {
    /// Number of whole entries: they and their values match their checksums. Expired ones count too.
    pub whole_entries: u64,
    /// Number of damaged entries, as far as they can be recognised.
    pub damaged_entries: u64,
    /// Damaged entries whose keys can be read, up to 10,000.
    pub damaged: Vec<DamagedEntry>,
    /// Number of pages that do not match their checksums. A damaged page that leads to others may hide
    /// entries, which are then not counted at all.
    pub damaged_pages: u64,
}

impl CheckReport {
    /// `true` if no damage was found.
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

/// Damaged entry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DamagedEntry {
    /// Id of its namespace; `None` if it cannot be read.
    pub namespace: Option<NamespaceId>,
    /// Its key. It may be the damaged part, and it may be a secret: think before logging it.
    pub key: Key<'static>,
    /// Description of the damage.
    pub what: &'static str,
}

/// Report of [`RedbStore::salvage`](crate::RedbStore::salvage).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SalvageReport {
    /// Report on the source. Its whole entries were copied.
    pub found: CheckReport,
    /// Number of namespaces whose ids and titles cannot be read. They got a new id, and a title that starts
    /// with `salvaged-`.
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
    /// Number of entries read so far.
    pub entries: u64,
}
