//! Error of a read, before it is told to the caller.

use kv_core::InvalidInput;

use crate::file::stored_entry::Damage;

/// Error of a read of a snapshot.
pub(crate) enum ReadError {
    /// redb cannot read the file.
    Engine(redb::Error),
    /// The file holds what this crate does not write.
    Damage(Damage),
    /// The caller's cursor is not one for this listing.
    Refused(InvalidInput),
    /// The caller's clock panicked.
    Clock(kv_core::Error),
}

impl From<InvalidInput> for ReadError {
    fn from(refused: InvalidInput) -> Self {
        Self::Refused(refused)
    }
}

impl From<redb::StorageError> for ReadError {
    fn from(cause: redb::StorageError) -> Self {
        Self::Engine(cause.into())
    }
}

impl From<redb::Error> for ReadError {
    fn from(cause: redb::Error) -> Self {
        Self::Engine(cause)
    }
}

impl ReadError {
    /// `true` if the file failed or is closed: the read may succeed once the file is open again.
    pub(crate) fn is_of_the_file(&self) -> bool {
        matches!(
            self,
            Self::Engine(redb::Error::DatabaseClosed | redb::Error::PreviousIo | redb::Error::Io(_))
        )
    }
}
