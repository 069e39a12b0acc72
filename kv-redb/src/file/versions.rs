//! Allocator of versions.

use kv_core::Version;
use redb::ReadableTable;

use crate::file::{
    error::RedbResult,
    tables::{Tables, VERSION_CEILING},
};

/// Number of versions that are reserved at a time. The stored ceiling changes once per so many writes, and a
/// reopening skips the rest of the block; a `u64` is enough for 17 billion reopenings.
const BLOCK: u64 = 1 << 30;

/// Allocator of versions. None is used twice, not after a restart either: the file holds a ceiling above
/// every version.
#[derive(Debug)]
pub(crate) struct Versions {
    next: u64,
    ceiling: u64,
    stored_ceiling: u64,
}

impl Versions {
    /// Starts at the ceiling that the file holds.
    pub(crate) fn load(meta: &impl ReadableTable<&'static str, u64>) -> RedbResult<Self> {
        let ceiling = meta.get(VERSION_CEILING)?.map_or(1, |ceiling| ceiling.value());
        Ok(Self { next: ceiling, ceiling, stored_ceiling: ceiling })
    }

    /// Allocates a version.
    pub(crate) fn take(&mut self) -> Version {
        if self.next == self.ceiling {
            self.ceiling = self.ceiling.saturating_add(BLOCK);
        }
        let version = Version::new(self.next);
        self.next = self.next.saturating_add(1);
        version
    }

    /// Stores the ceiling in the transaction that uses the versions.
    pub(crate) fn store(&self, tables: &mut Tables<'_>) -> RedbResult<()> {
        if self.stored_ceiling != self.ceiling {
            tables.meta()?.insert(VERSION_CEILING, self.ceiling)?;
        }
        Ok(())
    }

    /// Notes that the transaction was committed.
    pub(crate) fn set_stored(&mut self) {
        self.stored_ceiling = self.ceiling;
    }

    /// Goes on behind the versions that this allocator and the file, as it was just loaded, have used.
    pub(crate) fn skip_to(&mut self, loaded: &Self) {
        let next = self.next.max(loaded.next);
        *self = Self { next, ceiling: next.max(loaded.ceiling), stored_ceiling: loaded.stored_ceiling };
    }
}
