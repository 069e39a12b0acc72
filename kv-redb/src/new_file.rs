//! Permissions of new files, and whether an open file still has a name.

use std::fs::{Metadata, OpenOptions};

/// Options to open a file for reading and writing. A file that is made has no permissions but its owner's: a store may
/// hold secrets, session ids say.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.read(true).write(true);
    options
}

/// `true` once an open file has no name any more.
#[cfg(unix)]
pub(crate) fn is_deleted(metadata: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) == 0
}

/// `true` once an open file has no name any more: never outside Unix, since an open file cannot be deleted there.
#[cfg(not(unix))]
pub(crate) fn is_deleted(_metadata: &Metadata) -> bool {
    false
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
