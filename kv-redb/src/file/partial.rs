//! A new store's file in the making, under a name of its own.

use std::{
    fs::{self, File, Permissions},
    io::{self, Read},
    ops::Bound,
    path::{Path, PathBuf},
};

use redb::StorageBackend;

use crate::file::{
    disk::Disk,
    error::EngineResult,
    os_file::{self, sync_folder},
    store_file::{Engine, StoreFile},
    torn_create,
};

/// A new file in the making. It has `.partial` behind its name until it is whole and synced. Its maker has its lock until then, so
/// two that want the same name do not meet in one file.
pub(crate) struct Partial {
    name: PathBuf,
    path: PathBuf,
    /// Has the lock.
    disk: Disk,
    finished: bool,
}

impl Partial {
    /// Begins a file that is to be at `path`, and opens it. What is there of one whose making was cut short is thrown away.
    pub(crate) fn begin(
        path: &Path,
        permissions: Option<Permissions>,
        engine: Engine,
    ) -> EngineResult<(Self, StoreFile)> {
        if path.try_exists()? {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
        }
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let mut file = os_file::options().create(true).truncate(false).open(&partial)?;
        let disk = Disk::of_file(file.try_clone()?)?;
        let everything = (Bound::Unbounded, Bound::Unbounded);
        if let Ok(false) = disk.try_lock_range(everything.0, everything.1) {
            return Err(redb::Error::DatabaseAlreadyOpen);
        }
        let emptied = empty(&mut file, &partial, path);
        // redb takes the lock in its own way, next. Somebody else who gets it before finds an empty file.
        let _ = disk.unlock_range(everything.0, everything.1);
        emptied?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        let store = engine.open_disk(disk.clone())?;
        Ok((Self { name: partial, path: path.to_owned(), disk, finished: false }, store))
    }

    /// Gives the file its name, once it is closed and so synced.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        fs::rename(&self.name, &self.path)?;
        self.finished = true;
        sync_folder(&self.path)?;
        self.disk.release()
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.name);
        }
        let _ = self.disk.release();
    }
}

/// Empties a file that a backup left which was cut short; anything else stays as it is.
fn empty(file: &mut File, partial: &Path, path: &Path) -> io::Result<()> {
    // While the lock was waited for, another one may have finished the file, which then has another name.
    let is_same = fs::metadata(partial)
        .is_ok_and(|named| file.metadata().is_ok_and(|open| os_file::is_same(&named, &open)));
    let mut start = Vec::new();
    file.take(16).read_to_end(&mut start)?;
    if !is_same || path.try_exists()? || !torn_create::may_be_redb(&start) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    file.set_len(0)
}
