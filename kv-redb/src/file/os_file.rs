//! Permissions of new files, and a look at open ones.

use std::{
    fs::{self, File, Metadata, OpenOptions, TryLockError},
    io,
    path::Path,
};

use kv_core::Result;

use crate::file::error::no_regular_file;

/// Options to open a file for reading and writing. A file that is made has no permissions but its owner's: a store may
/// hold secrets, session ids say.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.read(true).write(true);
    options
}

/// Length and name of an open file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Presence {
    /// In bytes.
    pub(crate) len: u64,
    /// `true` once the file has no name any more.
    pub(crate) is_deleted: bool,
}

/// Length and name of an open file, asked for without its times. Linux gives each write after a look at the times a fresh
/// one, and the sync after it then has an inode to write as well.
#[cfg(target_os = "linux")]
pub(crate) fn presence(file: &File) -> io::Result<Presence> {
    use rustix::fs::{AtFlags, StatxFlags, statx};
    let wanted = StatxFlags::SIZE | StatxFlags::NLINK;
    let found = statx(file, "", AtFlags::EMPTY_PATH, wanted)?;
    Ok(Presence { len: found.stx_size, is_deleted: found.stx_nlink == 0 })
}

/// Length and name of an open file, which cannot be deleted outside Unix.
#[cfg(not(target_os = "linux"))]
pub(crate) fn presence(file: &File) -> io::Result<Presence> {
    let metadata = file.metadata()?;
    #[cfg(unix)]
    let is_deleted = std::os::unix::fs::MetadataExt::nlink(&metadata) == 0;
    #[cfg(not(unix))]
    let is_deleted = false;
    Ok(Presence { len: metadata.len(), is_deleted })
}

/// `true` if both are of the same file.
#[cfg(unix)]
pub(crate) fn is_same(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// `true` if both are of the same file: always outside Unix, since one that is open and locked is not replaced there.
#[cfg(not(unix))]
pub(crate) fn is_same(_a: &Metadata, _b: &Metadata) -> bool {
    true
}

/// Refuses what is no regular file: opening a FIFO would wait for somebody who writes into it.
pub(crate) fn refuse_special(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(no_regular_file(path, "a folder")),
        Ok(metadata) if !metadata.is_file() => {
            Err(no_regular_file(path, "no regular file but a FIFO, a device or a socket"))
        }
        // Opening it tells what is wrong.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Looks at a file that nobody has open for writing meanwhile.
pub(crate) fn with_shared_lock<T>(
    path: &Path,
    look: impl FnOnce(&File) -> io::Result<T>,
) -> Result<T, TryLockError> {
    let file = File::open(path).map_err(TryLockError::Error)?;
    file.try_lock_shared()?;
    let outcome = look(&file);
    // Closing alone would leave the lock to a process that another thread is just starting.
    file.unlock().and(outcome).map_err(TryLockError::Error)
}

/// Makes the file's name as durable as its contents: whoever made it may have crashed before he could.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let path = fs::canonicalize(path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
