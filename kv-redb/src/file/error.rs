//! Errors of this crate: one function per message, and the meaning of redb's errors to a caller.

use std::{
    borrow::Cow,
    io,
    panic::{self, AssertUnwindSafe},
    path::Path,
    time::Duration,
};

use kv_core::{Error, ErrorKind};

use crate::file::stored_entry::CorruptEntry;

/// Name of this backend in errors. The package's name has the family's before it.
const BACKEND: &str = "kv-redb";

/// Result of redb, with its one error type that covers those of every phase.
pub(crate) type RedbResult<T> = Result<T, redb::Error>;

/// Runs `work` and turns a panic into an error: redb meets some damaged pages with a panic. `work` must own
/// nothing whose destructor may panic too, since a second panic while the first one unwinds ends the process.
pub(crate) fn catch_redb_panic<T, E: From<redb::Error>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    // Unwind safe: `work` reads only, or its transaction is rolled back and not used again.
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let message = "redb panicked over a damaged page; its message went to the standard error stream";
        Err(redb::Error::Corrupted(message.to_owned()).into())
    })
}

/// `true` if the file is damaged, as opposed to a failing disk or a misuse.
pub(crate) fn is_damage(cause: &redb::Error) -> bool {
    matches!(
        cause,
        redb::Error::Corrupted(_)
            | redb::Error::TableTypeMismatch { .. }
            | redb::Error::TableDoesNotExist(_)
            | redb::Error::TableIsMultimap(_)
            | redb::Error::TypeDefinitionChanged { .. }
    )
}

/// `true` if the disk, or its owner's quota of it, is full.
pub(crate) fn is_full(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Makes an error of this backend.
pub(crate) fn error(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(kind, BACKEND, message)
}

/// Advice in messages about damage. `RedbStore::check` says how much is damaged.
const RESTORE_OR_SALVAGE: &str = "restore a backup, or copy what is whole with `RedbStore::salvage`";

/// Error of every call after the store was closed.
pub(crate) fn closed(path: &Path) -> Error {
    error(ErrorKind::Closed, format!("the store {} is closed: open it again", path.display()))
}

/// Error of a write in a forked process, which does not have the writer's thread.
pub(crate) fn forked(path: &Path) -> Error {
    let path = path.display();
    let message =
        format!("the store {path} was opened before this process was forked: open it in this process");
    error(ErrorKind::Closed, message)
}

/// Error of a call whose clock panicked.
pub(crate) fn clock_panicked(path: &Path) -> Error {
    let path = path.display();
    let message = format!(
        "the clock of the store {path} panicked, so nothing was done: fix the `Clock` given to the builder; \
         the panic's message is on standard error"
    );
    error(ErrorKind::Other, message)
}

/// Error of every call on a namespace that was deleted, or never created.
pub(crate) fn namespace_not_found() -> Error {
    error(
        ErrorKind::NamespaceNotFound,
        "the store has no namespace with this id: create one, or check the id",
    )
}

/// Error of the batch whose commit failed, and of every later write.
pub(crate) fn write_failed(path: &Path, cause: redb::Error) -> Error {
    let path = path.display();
    let message = format!(
        "a write to the store {path} failed, so it takes no more; the outcome of the last writes is unknown: \
         remove the cause and open the store again"
    );
    error(ErrorKind::Closed, message).with_source(cause)
}

/// Error of the batch that filled the disk. Later writes get [`disk_full`].
pub(crate) fn write_filled_disk(path: &Path, cause: redb::Error) -> Error {
    let path = path.display();
    let message = format!(
        "a write to the store {path} failed since its disk is full; its outcome is unknown: free space, then \
         read what is stored"
    );
    error(ErrorKind::Closed, message).with_source(cause)
}

/// Error of a write that was not tried, since the disk is known to be full.
pub(crate) fn disk_full(path: &Path, retry_after: Duration) -> Error {
    let path = path.display();
    let message = format!(
        "the disk of the store {path} is full, so this write was not tried: free space; the store then takes \
         writes again by itself"
    );
    error(ErrorKind::Unavailable, message).with_retry_after(retry_after)
}

/// Error of a read that redb failed.
pub(crate) fn read_failed(path: &Path, cause: redb::Error) -> Error {
    if let redb::Error::DatabaseClosed = cause {
        return closed(path);
    }
    let path = path.display();
    let (kind, message) = match cause {
        ref cause if is_damage(cause) => {
            (ErrorKind::Corrupt, format!("the store {path} is damaged: {RESTORE_OR_SALVAGE}"))
        }
        // After a failure of the file redb reads only pages that it has in memory.
        redb::Error::PreviousIo => (
            ErrorKind::Unavailable,
            format!("the store {path} failed earlier, and this is not in memory: open it again"),
        ),
        _ => (
            ErrorKind::Unavailable,
            format!("reading the store {path} failed: try again, or remove the cause and open it again"),
        ),
    };
    error(kind, message).with_source(cause)
}

/// Error of a long read during which the file was opened again, as happens when the disk is full.
pub(crate) fn reopened(path: &Path) -> Error {
    let path = path.display();
    error(
        ErrorKind::Unavailable,
        format!("the store {path} opened its file again during this read: read again"),
    )
}

/// Error of a read or a conditional write of a damaged entry.
pub(crate) fn corrupt_entry(path: &Path, corrupt: CorruptEntry) -> Error {
    let CorruptEntry(what) = corrupt;
    let path = path.display();
    error(ErrorKind::Corrupt, format!("the store {path} is damaged ({what}): {RESTORE_OR_SALVAGE}"))
}

/// Error of a write that met damage and was rolled back.
pub(crate) fn write_met_damage(path: &Path, cause: redb::Error) -> Error {
    let path = path.display();
    let message = format!(
        "the store {path} is damaged where this write would go, so it was not applied: {RESTORE_OR_SALVAGE}"
    );
    error(ErrorKind::Corrupt, message).with_source(cause)
}

/// Error of opening a store, or of looking at a closed one.
pub(crate) fn open_failed(path: &Path, cause: redb::Error) -> Error {
    let path = path.display();
    let (kind, message) = match &cause {
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => (
            ErrorKind::Locked,
            format!("the store {path} is open already, here or in another process: close it there first"),
        ),
        redb::Error::UpgradeRequired(version) => (
            ErrorKind::Corrupt,
            format!(
                "the file {path} has redb's file format {version} (supported: 3): upgrade it with the redb \
                 that wrote it"
            ),
        ),
        redb::Error::Io(cause) if cause.kind() == io::ErrorKind::InvalidData => (
            ErrorKind::Corrupt,
            format!(
                "the file {path} is not a store of kv-redb: choose another path; the file was left as it was"
            ),
        ),
        redb::Error::Io(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
            (ErrorKind::Corrupt, format!("the store {path} is cut short: {RESTORE_OR_SALVAGE}"))
        }
        redb::Error::Io(cause) if is_full(cause) => (
            ErrorKind::Other,
            format!("the store {path} cannot be opened, since its disk is full: free space and try again"),
        ),
        redb::Error::Io(_) => (
            ErrorKind::Other,
            format!(
                "the store {path} cannot be opened: make sure that its folder exists, and that the file can \
                 be read and written"
            ),
        ),
        cause if is_damage(cause) => {
            (ErrorKind::Corrupt, format!("the store {path} is damaged: {RESTORE_OR_SALVAGE}"))
        }
        _ => (ErrorKind::Other, format!("the store {path} cannot be opened: remove the cause and try again")),
    };
    error(kind, message).with_source(cause)
}

/// Error of opening a file that ends redb's thread without a report.
pub(crate) fn unreadable(path: &Path) -> Error {
    let path = path.display();
    error(
        ErrorKind::Corrupt,
        format!("the store {path} is damaged so badly that it cannot be read: restore a backup"),
    )
}

/// Error of opening a file in which `pages` pages do not match their checksums.
pub(crate) fn damaged_pages(path: &Path, pages: u64) -> Error {
    let path = path.display();
    let count = if pages == 1 { "1 page does".to_owned() } else { format!("{pages} pages do") };
    error(
        ErrorKind::Corrupt,
        format!("the store {path} is damaged ({count} not match the checksum): {RESTORE_OR_SALVAGE}"),
    )
}

/// Error of looking at a file whose header is not redb's, or is damaged.
pub(crate) fn header_damaged(path: &Path) -> Error {
    let path = path.display();
    let message = format!(
        "the file {path} is not a store, or its header is damaged: check the path, or restore a backup"
    );
    error(ErrorKind::Corrupt, message)
}

/// Error of a path that leads to a folder, a FIFO, a device or a socket.
pub(crate) fn not_a_regular_file(path: &Path, what: &str) -> Error {
    let path = path.display();
    error(ErrorKind::Other, format!("the path {path} is {what}: choose the path of a regular file"))
}

/// Error of opening a redb file without this crate's tables.
pub(crate) fn not_ours(path: &Path) -> Error {
    let path = path.display();
    error(
        ErrorKind::Corrupt,
        format!("the file {path} is a redb file of another program: choose another path"),
    )
}

/// Error of opening a store of another layout version.
pub(crate) fn unknown_format(path: &Path, found: u64, known: u64) -> Error {
    let path = path.display();
    let message = format!(
        "the store {path} has layout version {found} (supported: {known}): open it with a newer \
         kv-redb"
    );
    error(ErrorKind::Corrupt, message)
}

/// Error of closing a store.
pub(crate) fn close_failed(path: &Path, cause: redb::Error) -> Error {
    let path = path.display();
    let message = format!(
        "closing the store {path} failed: every acknowledged write is in it, and the next opening repairs it"
    );
    error(ErrorKind::Other, message).with_source(cause)
}

/// Error of writing a backup or a salvaged copy to `path`.
pub(crate) fn copy_failed(path: &Path, cause: redb::Error) -> Error {
    let path = path.display();
    let message = match &cause {
        redb::Error::DatabaseAlreadyOpen => {
            format!("another copy is being written to {path}: wait for it, or choose another path")
        }
        redb::Error::Io(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
            format!(
                "no copy was written to {path}: there is a file already, or another program's with .partial \
                 behind the name; choose another path"
            )
        }
        redb::Error::Io(cause) if is_full(cause) => {
            format!("no copy was written to {path}: the disk is full; free space, or choose another disk")
        }
        _ => format!(
            "no copy was written to {path}: make sure that its folder exists and can be written, or choose \
             another path"
        ),
    };
    error(ErrorKind::Other, message).with_source(cause)
}
