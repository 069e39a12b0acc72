//! What a listing answers.

use crate::types::{
    expiration::{HasDeadline, sealed::Sealed},
    key::Key,
    list::cursor::Cursor,
    metadata::Metadata,
    timestamp::Timestamp,
};

/// One page of a listing.
///
/// A page may be empty although more follow: go on until [`next`](ListPage::next) is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListPage {
    /// The keys, in ascending order of their bytes.
    pub keys: Vec<KeyInfo>,
    /// Where the next page starts; `None` if the listing is complete.
    pub next: Option<Cursor>,
}

impl ListPage {
    /// A page of `keys`, with `next` if more may follow.
    #[must_use]
    pub const fn new(keys: Vec<KeyInfo>, next: Option<Cursor>) -> Self {
        Self { keys, next }
    }
}

/// What a listing says of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyInfo {
    /// The key.
    pub name: Key<'static>,
    /// From when on the entry is gone; `None` if it stays.
    pub expires_at: Option<Timestamp>,
    /// The entry's metadata, if it has any.
    pub metadata: Option<Metadata>,
}

impl KeyInfo {
    /// A key without metadata whose entry does not expire.
    #[must_use]
    pub const fn new(name: Key<'static>) -> Self {
        Self { name, expires_at: None, metadata: None }
    }

    /// With `metadata`, if there is any.
    #[must_use]
    pub fn with_metadata(mut self, metadata: impl Into<Option<Metadata>>) -> Self {
        self.metadata = metadata.into();
        self
    }

    /// Gone from `expires_at` on, if there is such a time.
    #[must_use]
    pub fn with_expires_at(mut self, expires_at: impl Into<Option<Timestamp>>) -> Self {
        self.expires_at = expires_at.into();
        self
    }
}

impl HasDeadline for KeyInfo {
    fn deadline(&self) -> Option<Timestamp> {
        self.expires_at
    }
}

impl Sealed for KeyInfo {}
