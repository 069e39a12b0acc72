//! What redb's errors mean to a caller.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    path::Path,
};

use kv_core::{Error, ErrorKind};

use crate::record::Damage;

/// What redb answers; its one error stands for those of each phase.
pub(crate) type EngineResult<T> = Result<T, redb::Error>;

/// Runs `work`, and makes an error of a panic: redb meets some damaged pages with one.
pub(crate) fn guard<T, E: From<redb::Error>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    // What `work` leaves behind is not used again after a panic: a read changes nothing, and a failed write is the last.
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let message = "redb panicked over a damaged page; its message went to the standard error stream";
        Err(redb::Error::Corrupted(message.to_owned()).into())
    })
}

/// An error of this crate.
pub(crate) fn error(kind: ErrorKind, message: String) -> Error {
    Error::new(kind, env!("CARGO_PKG_NAME"), message)
}

pub(crate) fn closed(path: &Path) -> Error {
    error(ErrorKind::Closed, format!("the store {} is closed: open it again to use it", path.display()))
}

pub(crate) fn namespace_not_found() -> Error {
    let message =
        "the store has no namespace with this id, which was deleted or never was: create one, or mend the id";
    Error::new(ErrorKind::NamespaceNotFound, env!("CARGO_PKG_NAME"), message)
}

/// The batch whose commit failed may or may not be on the disk, and redb writes no more.
pub(crate) fn write_failed(path: &Path, cause: redb::Error) -> Error {
    let message = format!(
        "a write to the store {} failed, so it takes no more writes; whether the last ones are in it is unknown: \
         mend the cause and open it again",
        path.display()
    );
    error(ErrorKind::Closed, message).with_source(cause)
}

pub(crate) fn read_failed(path: &Path, cause: redb::Error) -> Error {
    if let redb::Error::DatabaseClosed = cause {
        return closed(path);
    }
    let path = path.display();
    let (kind, message) = match cause {
        redb::Error::Corrupted(_) => {
            (ErrorKind::Corrupt, format!("the store {path} is damaged: restore a backup of it"))
        }
        // redb reads nothing more after a failure of the file; what it still has in memory is answered.
        redb::Error::PreviousIo => (
            ErrorKind::Unavailable,
            format!("the store {path} failed earlier and cannot read this any more: open it again"),
        ),
        _ => (
            ErrorKind::Unavailable,
            format!("reading the store {path} failed: try again, or mend the cause and open it again"),
        ),
    };
    error(kind, message).with_source(cause)
}

pub(crate) fn damaged(path: &Path, damage: Damage) -> Error {
    let Damage(what) = damage;
    error(
        ErrorKind::Corrupt,
        format!("the store {} is damaged ({what}): restore a backup of it", path.display()),
    )
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
            (ErrorKind::Corrupt, format!("the store {path} is cut short: restore a backup of it"))
        }
        redb::Error::Io(_) => (
            ErrorKind::Other,
            format!(
                "the store {path} cannot be opened: its folder has to exist, and the file to be readable and writable"
            ),
        ),
        redb::Error::Corrupted(_)
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TableDoesNotExist(_)
        | redb::Error::TableIsMultimap(_)
        | redb::Error::TypeDefinitionChanged { .. } => {
            (ErrorKind::Corrupt, format!("the store {path} is damaged: restore a backup of it"))
        }
        _ => (ErrorKind::Other, format!("the store {path} cannot be opened: mend the cause and try again")),
    };
    error(kind, message).with_source(cause)
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
