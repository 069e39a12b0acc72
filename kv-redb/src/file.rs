//! The open file.

use std::path::Path;

use redb::{Database, WriteTransaction};

use crate::error::EngineResult;

/// How redb is set up for a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Engine {
    pub(crate) cache_bytes: usize,
    /// Whether each commit writes down which pages are free.
    pub(crate) quick_repair: bool,
}

impl Engine {
    /// Opens the file at `path`, and makes it if there is none.
    pub(crate) fn open(self, path: &Path) -> EngineResult<StoreFile> {
        Ok(self.over(self.builder().create(path)?))
    }

    pub(crate) fn builder(self) -> redb::Builder {
        let mut builder = Database::builder();
        builder.set_cache_size(self.cache_bytes);
        builder
    }

    pub(crate) fn over(self, database: Database) -> StoreFile {
        StoreFile { database, quick_repair: self.quick_repair }
    }
}

/// The open file, and how it is written.
pub(crate) struct StoreFile {
    pub(crate) database: Database,
    quick_repair: bool,
}

impl StoreFile {
    /// Every transaction that writes starts here.
    pub(crate) fn begin_write(&self) -> EngineResult<WriteTransaction> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_quick_repair(self.quick_repair);
        Ok(transaction)
    }
}
