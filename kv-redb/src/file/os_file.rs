//! Calls of the operating system on files: permissions, locks, identity, and syncing a folder.

use std::{
    fs::{self, File, Metadata, OpenOptions, TryLockError},
    io,
    path::Path,
};

use kv_core::Result;

use crate::file::error::not_a_regular_file;

/// Options to open a file for reading and writing. A new file gets the mode 0600: a store may hold secrets
/// such as session ids.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.read(true).write(true);
    options
}

/// Length of an open file, and whether it still has a name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Presence {
    /// In bytes.
    pub(crate) len: u64,
    /// `true` once the file has no name.
    pub(crate) is_deleted: bool,
}

/// Returns the presence of an open file without asking for its times: once they were asked for, Linux gives
/// the next write a new one, and the sync after it has to write the inode too.
#[cfg(target_os = "linux")]
pub(crate) fn presence(file: &File) -> io::Result<Presence> {
    use rustix::fs::{AtFlags, StatxFlags, statx};
    let wanted = StatxFlags::SIZE | StatxFlags::NLINK;
    let found = statx(file, "", AtFlags::EMPTY_PATH, wanted)?;
    Ok(Presence { len: found.stx_size, is_deleted: found.stx_nlink == 0 })
}

/// Returns the presence of an open file. Outside Unix an open file cannot be deleted.
#[cfg(not(target_os = "linux"))]
pub(crate) fn presence(file: &File) -> io::Result<Presence> {
    let metadata = file.metadata()?;
    #[cfg(unix)]
    let is_deleted = std::os::unix::fs::MetadataExt::nlink(&metadata) == 0;
    #[cfg(not(unix))]
    let is_deleted = false;
    Ok(Presence { len: metadata.len(), is_deleted })
}

/// `true` if both belong to the same file.
#[cfg(unix)]
pub(crate) fn is_same_file(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// `true` if both belong to the same file: always so outside Unix, where an open and locked file cannot be
/// replaced.
#[cfg(not(unix))]
pub(crate) fn is_same_file(_a: &Metadata, _b: &Metadata) -> bool {
    true
}

/// Refuses a path that does not lead to a regular file: opening a FIFO would block until another process
/// writes to it.
pub(crate) fn refuse_special(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(not_a_regular_file(path, "a folder")),
        Ok(metadata) if !metadata.is_file() => Err(not_a_regular_file(path, "a FIFO, a device or a socket")),
        // Opening it reports the error.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Calls `read` with the file at `path`, locked against writers meanwhile.
pub(crate) fn with_shared_lock<T>(
    path: &Path,
    read: impl FnOnce(&File) -> io::Result<T>,
) -> Result<T, TryLockError> {
    let file = File::open(path).map_err(TryLockError::Error)?;
    file.try_lock_shared()?;
    let outcome = read(&file);
    // Closing alone could leave the lock to a child process that another thread is starting, which shares
    // open files.
    file.unlock().and(outcome).map_err(TryLockError::Error)
}

/// Makes the file's name as durable as its contents, also for a file whose creator crashed before it could.
/// Outside Unix this does nothing.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let path = fs::canonicalize(path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
