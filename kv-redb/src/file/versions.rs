//! Handing out versions, none twice.

use kv_core::Version;
use redb::ReadableTable;

use crate::file::{
    error::EngineResult,
    tables::{Tables, VERSION_CEILING},
};

/// How many versions are reserved at a time. The file then changes once for so many writes, and a reopening skips what
/// was left: there are enough for 17 billion reopenings.
const BLOCK: u64 = 1 << 30;

/// Hands out versions, none twice, over restarts too: the file holds a ceiling that no version has reached.
#[derive(Debug)]
pub(crate) struct Versions {
    next: u64,
    ceiling: u64,
    stored_ceiling: u64,
}

impl Versions {
    /// Those that the file has not given out.
    pub(crate) fn load(file: &impl ReadableTable<&'static str, u64>) -> EngineResult<Self> {
        let ceiling = file.get(VERSION_CEILING)?.map_or(1, |ceiling| ceiling.value());
        Ok(Self { next: ceiling, ceiling, stored_ceiling: ceiling })
    }

    pub(crate) fn take(&mut self) -> Version {
        if self.next == self.ceiling {
            self.ceiling = self.ceiling.saturating_add(BLOCK);
        }
        let version = Version::new(self.next);
        self.next = self.next.saturating_add(1);
        version
    }

    /// Writes the ceiling into the transaction whose entries have the versions.
    pub(crate) fn store(&self, tables: &mut Tables<'_>) -> EngineResult<()> {
        if self.stored_ceiling != self.ceiling {
            tables.file()?.insert(VERSION_CEILING, self.ceiling)?;
        }
        Ok(())
    }

    /// The transaction was committed.
    pub(crate) fn stored(&mut self) {
        self.stored_ceiling = self.ceiling;
    }

    /// Goes on with those that neither this nor the file, as it was loaded anew, has given out.
    pub(crate) fn skip_to(&mut self, loaded: &Self) {
        let next = self.next.max(loaded.next);
        *self = Self { next, ceiling: next.max(loaded.ceiling), stored_ceiling: loaded.stored_ceiling };
    }
}
