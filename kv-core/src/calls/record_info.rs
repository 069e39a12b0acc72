//! Description of a record in a listing.

use std::fmt;

use crate::types::{
    expiration::{HasExpiry, sealed::Sealed},
    list::page::KeyInfo,
    metadata::Metadata,
    timestamp::Timestamp,
};

/// Description of a record in a listing.
///
/// `Debug` shows the length of the id alone, since it may be a secret as a key may.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordInfo {
    /// Id of the record: its key without the collection's prefix. It may be empty.
    pub id: String,
    /// Time of expiry; `None` if the record does not expire.
    pub expires_at: Option<Timestamp>,
    /// Metadata of the record, if it has any.
    pub metadata: Option<Metadata>,
}

impl RecordInfo {
    /// Returns the record of `key`, whose first `prefix` bytes are those of the collection.
    pub(crate) fn new(key: KeyInfo, prefix: usize) -> Self {
        let id = key.name.into_string().split_off(prefix);
        Self { id, expires_at: key.expires_at, metadata: key.metadata }
    }
}

impl fmt::Debug for RecordInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordInfo")
            .field("id_len", &self.id.len())
            .field("expires_at", &self.expires_at)
            .field("metadata", &self.metadata)
            .finish()
    }
}

impl HasExpiry for RecordInfo {
    fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }
}

impl Sealed for RecordInfo {}
