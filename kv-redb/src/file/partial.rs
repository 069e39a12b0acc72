//! File of a copy while it is written, with `.partial` behind its name.

use std::{
    fs::{self, File, Permissions},
    io::{self, Read},
    ops::Bound,
    path::{Path, PathBuf},
};

use redb::StorageBackend;

use crate::file::{
    disk::Disk,
    error::RedbResult,
    os_file::{self, sync_folder},
    store_file::{RedbConfig, StoreFile},
    torn_create,
};

/// File of a copy while it is written. It has `.partial` behind its name until it is complete and synced. It
/// is locked until then, so that two copies to one path do not write to one file. Dropped before it is
/// finished, it is removed.
pub(crate) struct PartialFile {
    partial_path: PathBuf,
    path: PathBuf,
    /// Holds the lock.
    disk: Disk,
    finished: bool,
}

impl PartialFile {
    /// Creates and opens the file of a copy to `path`. A partial file that a killed process left is emptied
    /// first.
    pub(crate) fn begin(
        path: &Path,
        permissions: Option<Permissions>,
        config: RedbConfig,
    ) -> RedbResult<(Self, StoreFile)> {
        if path.try_exists()? {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
        }
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let mut file = os_file::options().create(true).truncate(false).open(&partial)?;
        let disk = Disk::of_file(file.try_clone()?)?;
        if let Ok(false) = disk.try_lock_range(Bound::Unbounded, Bound::Unbounded) {
            return Err(redb::Error::DatabaseAlreadyOpen);
        }
        let emptied = empty_leftover(&mut file, &partial, path);
        // redb locks the file again in its own way. Another process that gets the lock before finds an empty
        // file.
        let _ = disk.unlock_range(Bound::Unbounded, Bound::Unbounded);
        emptied?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        let store = config.open_disk(disk.clone())?;
        Ok((Self { partial_path: partial, path: path.to_owned(), disk, finished: false }, store))
    }

    /// Gives the file its final name, after its database was closed and so synced.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        fs::rename(&self.partial_path, &self.path)?;
        self.finished = true;
        sync_folder(&self.path)?;
        self.disk.release()
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.partial_path);
        }
        let _ = self.disk.release();
    }
}

/// Empties a partial file that a killed process left; fails on any other file.
fn empty_leftover(file: &mut File, partial: &Path, path: &Path) -> io::Result<()> {
    // Between opening and locking the file, another process may have finished and renamed it.
    let is_same_file = fs::metadata(partial)
        .is_ok_and(|named| file.metadata().is_ok_and(|open| os_file::is_same_file(&named, &open)));
    let mut start = Vec::new();
    file.take(16).read_to_end(&mut start)?;
    if !is_same_file || path.try_exists()? || !torn_create::may_be_redb(&start) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    file.set_len(0)
}
