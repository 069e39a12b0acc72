//! Entry of a namespace: value, metadata and expiry.

use crate::types::{metadata::Metadata, timestamp::Timestamp, value::Value};

/// Value, metadata and expiry under a key. A put replaces all three.
///
/// `V` is [`Value`], the bytes, or the record's own type from a [`TypedKv`](crate::TypedKv).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry<V = Value> {
    /// The value.
    pub value: V,
    /// The metadata. A read fills it only if [`GetOptions::metadata`](crate::GetOptions::metadata) asks for
    /// it, on every backend alike, since on some it costs a second request.
    pub metadata: Option<Metadata>,
    /// Time of expiry; `None` if the entry does not expire. Always filled in.
    pub expires_at: Option<Timestamp>,
}

impl<V> Entry<V> {
    /// Returns an entry without metadata that does not expire.
    #[must_use]
    pub const fn new(value: V) -> Self {
        Self { value, metadata: None, expires_at: None }
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

    /// Converts the value, and keeps metadata and expiry.
    pub(crate) fn try_map<U, E>(self, change: impl FnOnce(V) -> Result<U, E>) -> Result<Entry<U>, E> {
        Ok(Entry { value: change(self.value)?, metadata: self.metadata, expires_at: self.expires_at })
    }
}
