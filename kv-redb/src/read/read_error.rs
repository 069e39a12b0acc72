//! Error of a read, before it is turned into the caller's error.

use kv_core::{Error, InvalidInput};

use crate::file::stored_entry::CorruptEntry;

/// Error of a read of a snapshot.
pub(crate) enum ReadError {
    /// redb cannot read the file.
    Redb(redb::Error),
    /// A row is not one that this crate writes.
    Corrupt(CorruptEntry),
    /// The caller's cursor does not belong to the listing.
    InvalidInput(InvalidInput),
    /// The caller's clock panicked.
    Clock(Error),
}

impl From<InvalidInput> for ReadError {
    fn from(invalid: InvalidInput) -> Self {
        Self::InvalidInput(invalid)
    }
}

impl From<redb::StorageError> for ReadError {
    fn from(cause: redb::StorageError) -> Self {
        Self::Redb(cause.into())
    }
}

impl From<redb::Error> for ReadError {
    fn from(cause: redb::Error) -> Self {
        Self::Redb(cause)
    }
}

impl ReadError {
    /// `true` if the file failed or is closed: the read may succeed once the file is open again.
    pub(crate) fn is_file_failure(&self) -> bool {
        matches!(self, Self::Redb(redb::Error::DatabaseClosed | redb::Error::PreviousIo | redb::Error::Io(_)))
    }
}
