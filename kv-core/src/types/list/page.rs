//! Page of a listing.

use crate::types::{
    expiration::{HasExpiry, sealed::Sealed},
    key::Key,
    list::cursor::Cursor,
    metadata::Metadata,
    timestamp::Timestamp,
};

/// Page of a listing.
///
/// A page may be empty although more follow: continue until [`next`](ListPage::next) is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListPage {
    /// Keys, in ascending order of their bytes.
    pub keys: Vec<KeyInfo>,
    /// Start of the next page; `None` if the listing is complete.
    pub next: Option<Cursor>,
}

impl ListPage {
    /// Returns a page of `keys`, with `next` if more may follow.
    #[must_use]
    pub const fn new(keys: Vec<KeyInfo>, next: Option<Cursor>) -> Self {
        Self { keys, next }
    }
}

/// Description of a key in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyInfo {
    /// The key.
    pub name: Key<'static>,
    /// Time of expiry; `None` if the entry does not expire.
    pub expires_at: Option<Timestamp>,
    /// Metadata of the entry, if it has any.
    pub metadata: Option<Metadata>,
}

impl KeyInfo {
    /// Returns a key without metadata whose entry does not expire.
    #[must_use]
    pub const fn new(name: Key<'static>) -> Self {
        Self { name, expires_at: None, metadata: None }
    }

    /// Sets the metadata; `None` clears it.
    #[must_use]
    pub fn with_metadata(mut self, metadata: impl Into<Option<Metadata>>) -> Self {
        self.metadata = metadata.into();
        self
    }

    /// Sets the time of expiry; `None` clears it.
    #[must_use]
    pub fn with_expires_at(mut self, expires_at: impl Into<Option<Timestamp>>) -> Self {
        self.expires_at = expires_at.into();
        self
    }
}

impl HasExpiry for KeyInfo {
    fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }
}

impl Sealed for KeyInfo {}
