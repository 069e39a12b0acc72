//! What redb's errors mean to a caller.

use std::{
    borrow::Cow,
    io,
    panic::{self, AssertUnwindSafe},
    path::Path,
    time::Duration,
};

use kv_core::{Error, ErrorKind};

use crate::file::stored_entry::Damage;

/// Name of this backend in errors. The package's name has the family's before it.
const BACKEND: &str = "kv-redb";

/// What redb answers; its one error stands for those of each phase.
pub(crate) type EngineResult<T> = Result<T, redb::Error>;

/// Runs `work`, and makes an error of a panic: redb meets some damaged pages with one. Nothing whose destructor may panic
/// too may live in `work`, since a second panic would end the process.
pub(crate) fn guard<T, E: From<redb::Error>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    // What `work` leaves behind is rolled back or not used again: a read changes nothing.
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let message = "redb panicked over a damaged page; its message went to the standard error stream";
        Err(redb::Error::Corrupted(message.to_owned()).into())
    })
}

/// `true` if the file is damaged, and neither the disk nor the caller is at fault.
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

/// Whether it says that the disk, or its owner's share of it, is full.
pub(crate) fn is_full(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// An error of this crate.
pub(crate) fn error(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(kind, BACKEND, message)
}

pub(crate) fn closed(path: &Path) -> Error {
    error(ErrorKind::Closed, format!("the store {} is closed: open it again to use it", path.display()))
}

/// Only the process that opened a store has the thread that writes.
pub(crate) fn forked(path: &Path) -> Error {
    let message = format!(
        "the store {} was opened by another process, from which this one was forked: open it in the process that uses it",
        path.display()
    );
    error(ErrorKind::Closed, message)
}

pub(crate) fn clock_panicked(path: &Path) -> Error {
    let message = format!(
        "the clock of the store {} panicked, so nothing was done; its message went to the standard error stream: \
         correct the `Clock` that the store was opened with",
        path.display()
    );
    error(ErrorKind::Other, message)
}

pub(crate) fn namespace_not_found() -> Error {
    let message = "the store has no namespace with this id, which was deleted or never was: create one, or correct the id";
    error(ErrorKind::NamespaceNotFound, message)
}

/// The batch whose commit failed may or may not be on the disk, and redb writes no more.
pub(crate) fn write_failed(path: &Path, cause: redb::Error) -> Error {
    let message = format!(
        "a write to the store {} failed, so it takes no more writes; whether the last ones are in it is unknown: \
         remove the cause and open it again",
        path.display()
    );
    error(ErrorKind::Closed, message).with_source(cause)
}

/// The batch that met a full disk; those behind it get [`full`].
pub(crate) fn write_failed_full(path: &Path, cause: redb::Error) -> Error {
    let message = format!(
        "a write to the store {} failed, since its disk is full; whether it is in it is unknown: free space, and read \
         what is there",
        path.display()
    );
    error(ErrorKind::Closed, message).with_source(cause)
}

/// A write that was not tried.
pub(crate) fn full(path: &Path, retry_after: Duration) -> Error {
    let message = format!(
        "the disk of the store {} is full, so it takes no writes, and this one was not tried: free space; the store \
         goes on by itself",
        path.display()
    );
    error(ErrorKind::Unavailable, message).with_retry_after(retry_after)
}

/// Advice in messages about damage, the case that `check` and `salvage` are for.
const WHAT_TO_DO: &str = "restore a backup of it, or copy what is whole with `RedbStore::salvage`";

pub(crate) fn read_failed(path: &Path, cause: redb::Error) -> Error {
    if let redb::Error::DatabaseClosed = cause {
        return closed(path);
    }
    let path = path.display();
    let (kind, message) = match cause {
        ref cause if is_damage(cause) => {
            (ErrorKind::Corrupt, format!("the store {path} is damaged: {WHAT_TO_DO}"))
        }
        // redb reads nothing more after a failure of the file; what it still has in memory is answered.
        redb::Error::PreviousIo => (
            ErrorKind::Unavailable,
            format!("the store {path} failed earlier and cannot read this any more: open it again"),
        ),
        _ => (
            ErrorKind::Unavailable,
            format!("reading the store {path} failed: try again, or remove the cause and open it again"),
        ),
    };
    error(kind, message).with_source(cause)
}

/// A long read that began before the file was opened anew, which is when the disk of the store was full.
pub(crate) fn opened_anew(path: &Path) -> Error {
    error(
        ErrorKind::Unavailable,
        format!("the store {} was opened anew meanwhile: read again", path.display()),
    )
}

pub(crate) fn damaged(path: &Path, damage: Damage) -> Error {
    let Damage(what) = damage;
    error(ErrorKind::Corrupt, format!("the store {} is damaged ({what}): {WHAT_TO_DO}", path.display()))
}

/// A write that met damage, and was not applied.
pub(crate) fn damaged_write(path: &Path, cause: redb::Error) -> Error {
    let message = format!(
        "the store {} is damaged where this write would go, so it was not applied: {WHAT_TO_DO}",
        path.display()
    );
    error(ErrorKind::Corrupt, message).with_source(cause)
}

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
                "the file {path} is of redb's file format {version}, which this version cannot read: upgrade it with the redb that wrote it"
            ),
        ),
        redb::Error::Io(cause) if cause.kind() == io::ErrorKind::InvalidData => (
            ErrorKind::Corrupt,
            format!("the file {path} is not a store of kv-redb: it stays as it was; choose another path"),
        ),
        redb::Error::Io(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
            (ErrorKind::Corrupt, format!("the store {path} is cut short: {WHAT_TO_DO}"))
        }
        redb::Error::Io(cause) if is_full(cause) => (
            ErrorKind::Other,
            format!("the store {path} cannot be opened: its disk is full: free space and try again"),
        ),
        redb::Error::Io(_) => (
            ErrorKind::Other,
            format!(
                "the store {path} cannot be opened: its folder has to exist, and the file to be readable and writable"
            ),
        ),
        cause if is_damage(cause) => {
            (ErrorKind::Corrupt, format!("the store {path} is damaged: {WHAT_TO_DO}"))
        }
        _ => (ErrorKind::Other, format!("the store {path} cannot be opened: remove the cause and try again")),
    };
    error(kind, message).with_source(cause)
}

/// A file in which `pages` pages do not match their checksums.
pub(crate) fn damaged_pages(path: &Path, pages: u64) -> Error {
    let path = path.display();
    let count = if pages == 1 { "1 page does".to_owned() } else { format!("{pages} pages do") };
    error(
        ErrorKind::Corrupt,
        format!("the store {path} is damaged: {count} not match the checksum: {WHAT_TO_DO}"),
    )
}

/// A file whose start is not one that redb writes.
pub(crate) fn header_damaged(path: &Path) -> Error {
    error(
        ErrorKind::Corrupt,
        format!("the file {} is no store, or its header is damaged: restore a backup of it", path.display()),
    )
}

/// A path at which there is something that cannot be a store.
pub(crate) fn no_regular_file(path: &Path, what: &str) -> Error {
    let path = path.display();
    error(ErrorKind::Other, format!("the path {path} is {what}: name a regular file for the store"))
}

pub(crate) fn not_ours(path: &Path) -> Error {
    let path = path.display();
    error(
        ErrorKind::Corrupt,
        format!("the file {path} is a redb file of another program: choose another path"),
    )
}

pub(crate) fn unknown_format(path: &Path, found: u64, known: u64) -> Error {
    let message = format!(
        "the store {} has layout version {found}, and this version of kv-redb knows {known}: open it with a newer kv-redb",
        path.display()
    );
    error(ErrorKind::Corrupt, message)
}

pub(crate) fn close_failed(path: &Path, cause: redb::Error) -> Error {
    let message = format!(
        "closing the store {} failed: every acknowledged write is in it, but the next opening has to repair it",
        path.display()
    );
    error(ErrorKind::Other, message).with_source(cause)
}

/// No copy could be written.
pub(crate) fn copy_failed(path: &Path, cause: redb::Error) -> Error {
    let path = path.display();
    let message = match cause {
        redb::Error::DatabaseAlreadyOpen => {
            format!("another copy is being written to {path}: wait for it, or choose another path")
        }
        _ => format!(
            "no copy of the store could be written to {path}: there has to be room, and no file yet, also none of \
             somebody else with .partial behind its name"
        ),
    };
    error(ErrorKind::Other, message).with_source(cause)
}
