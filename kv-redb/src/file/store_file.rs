//! The open file.

use std::path::Path;

use redb::{Database, WriteTransaction};

use crate::file::{
    disk::Disk,
    error::{EngineResult, guard},
    overlay::Overlay,
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
        Ok(StoreFile { database, disk, overlay: None, quick_repair: self.quick_repair })
    }

    /// Opens what `disk` holds, for reading alone: what redb writes as it opens a file stays in memory.
    pub(crate) fn open_reading(self, disk: Disk) -> EngineResult<StoreFile> {
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

/// The open file, and how it is written.
pub(crate) struct StoreFile {
    pub(crate) database: Database,
    pub(crate) disk: Disk,
    /// Layer between the database and the disk, if the file is open for reading alone.
    overlay: Option<Overlay>,
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
        let disk = self.disk.clone();
        let closed = self.close_but_keep_lock();
        let released = disk.release();
        closed?;
        Ok(released?)
    }

    /// Closes the file, which is then opened again on the same disk.
    pub(crate) fn close_but_keep_lock(self) -> EngineResult<()> {
        match self.overlay {
            // redb would write as it closes the file, over what may have changed meanwhile.
            Some(overlay) => {
                overlay.retire();
                let _ = guard(|| Ok::<_, redb::Error>(self.database.close()?));
                Ok(())
            }
            None => guard(|| Ok(self.database.close()?)),
        }
    }
}
