//! The open database of a store, and the settings that redb opens it with.

use std::path::Path;

use redb::{Database, WriteTransaction};

use crate::file::{
    disk::Disk,
    error::{RedbResult, catch_redb_panic},
    overlay::Overlay,
};

/// Settings that redb opens a file with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RedbConfig {
    /// Length of redb's page cache in bytes.
    pub(crate) cache_bytes: usize,
    /// `true` to write the list of free pages with each commit, so that opening after a crash reads no pages.
    pub(crate) quick_repair: bool,
}

impl RedbConfig {
    /// Opens the file at `path`; creates it if it does not exist.
    pub(crate) fn open(self, path: &Path) -> RedbResult<StoreFile> {
        self.open_disk(Disk::open(path)?)
    }

    /// Opens the database on `disk` for reading and writing.
    pub(crate) fn open_disk(self, disk: Disk) -> RedbResult<StoreFile> {
        let database = self.builder().create_with_backend(disk.clone())?;
        Ok(StoreFile { database, disk, overlay: None, quick_repair: self.quick_repair })
    }

    /// Opens the database on `disk` for reading: the pages that redb writes as it opens a file stay in
    /// memory.
    pub(crate) fn open_read_only(self, disk: Disk) -> RedbResult<StoreFile> {
        let overlay = Overlay::new(disk.clone())?;
        let database = self.builder().create_with_backend(overlay.clone())?;
        Ok(StoreFile { database, disk, overlay: Some(overlay), quick_repair: self.quick_repair })
    }

    fn builder(self) -> redb::Builder {
        let mut builder = Database::builder();
        builder.set_cache_size(self.cache_bytes);
        builder
    }
}

/// Open database of a store.
pub(crate) struct StoreFile {
    pub(crate) database: Database,
    pub(crate) disk: Disk,
    /// Layer between the database and the disk, if the file is open for reading only.
    overlay: Option<Overlay>,
    quick_repair: bool,
}

impl StoreFile {
    /// Begins a write transaction; every one begins here.
    pub(crate) fn begin_write(&self) -> RedbResult<WriteTransaction> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_quick_repair(self.quick_repair);
        Ok(transaction)
    }

    /// Closes the database and releases the file's lock.
    pub(crate) fn close(self) -> RedbResult<()> {
        let disk = self.disk.clone();
        let closed = self.close_keeping_lock();
        let released = disk.release();
        closed?;
        Ok(released?)
    }

    /// Closes the database but keeps the file's lock, to open the file again.
    pub(crate) fn close_keeping_lock(self) -> RedbResult<()> {
        match self.overlay {
            // redb writes as it closes a file; on the retired overlay those writes fail instead of
            // overwriting newer pages.
            Some(overlay) => {
                overlay.retire();
                let _ = catch_redb_panic(|| Ok::<_, redb::Error>(self.database.close()?));
                Ok(())
            }
            None => catch_redb_panic(|| Ok(self.database.close()?)),
        }
    }
}
