//! Permissions of new files, and a look at open ones.

use std::{
    fs::{File, Metadata, OpenOptions},
    io,
};

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
