//! The open file.

use std::path::Path;

use redb::{Database, WriteTransaction};

use crate::{
    disk::Disk,
    error::{EngineResult, guard},
};

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
        self.open_disk(Disk::open(path)?)
    }

    /// Opens what `disk` holds, for reading and writing.
    pub(crate) fn open_disk(self, disk: Disk) -> EngineResult<StoreFile> {
        let database = self.builder().create_with_backend(disk.clone())?;
        Ok(StoreFile { database, disk, quick_repair: self.quick_repair })
    }

    fn builder(self) -> redb::Builder {
        let mut builder = Database::builder();
        builder.set_cache_size(self.cache_bytes);
        builder
    }
}

/// The open file, and how it is written.
pub(crate) struct StoreFile {
    pub(crate) database: Database,
    pub(crate) disk: Disk,
    quick_repair: bool,
}

impl StoreFile {
    /// Every transaction that writes starts here.
    pub(crate) fn begin_write(&self) -> EngineResult<WriteTransaction> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_quick_repair(self.quick_repair);
        Ok(transaction)
    }

    /// Closes the file and lets go of its lock.
    pub(crate) fn close(self) -> EngineResult<()> {
        let Self { database, disk, .. } = self;
        let closed = guard(|| Ok::<_, redb::Error>(database.close()?));
        let released = disk.release();
        closed?;
        Ok(released?)
    }
}
