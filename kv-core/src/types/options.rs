//! Options of reads and of writes.

use crate::types::{
    expiration::Expiration, invalid_input::InvalidInput, metadata::Metadata, timestamp::Timestamp,
};

/// Metadata and expiration of a put. The default sets neither, so the put clears both.
///
/// One option alone converts into it:
///
/// ```
/// # use std::time::Duration;
/// use kv_core::{Expiration, Metadata, PutOptions};
///
/// let hour = Expiration::after(Duration::from_secs(3_600))?;
/// assert_eq!(PutOptions::from(hour), PutOptions::default().with_expiration(hour));
/// let both = PutOptions::from(hour).with_metadata(Metadata::new("v2")?);
/// assert!(both.metadata.is_some() && both.expiration.is_some());
/// # Ok::<(), kv_core::InvalidInput>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PutOptions {
    /// Expiration; `None` keeps the entry until it is deleted.
    pub expiration: Option<Expiration>,
    /// Metadata, if any.
    pub metadata: Option<Metadata>,
}

impl PutOptions {
    /// Sets the expiration; `None` clears it.
    #[must_use]
    pub fn with_expiration(mut self, expiration: impl Into<Option<Expiration>>) -> Self {
        self.expiration = expiration.into();
        self
    }

    /// Sets the metadata; `None` clears it.
    #[must_use]
    pub fn with_metadata(mut self, metadata: impl Into<Option<Metadata>>) -> Self {
        self.metadata = metadata.into();
        self
    }

    /// Sets the metadata to the JSON in `text`; `null` clears it, as in every API of Workers KV.
    ///
    /// # Errors
    ///
    /// As [`Metadata::parse`].
    pub fn with_metadata_json(self, text: &str) -> Result<Self, InvalidInput> {
        match Metadata::parse(text) {
            Ok(metadata) => Ok(self.with_metadata(metadata)),
            Err(InvalidInput::MetadataNull) => Ok(self.with_metadata(None)),
            Err(error) => Err(error),
        }
    }

    /// Returns the time of expiry of a write with these options that is applied at `now`. For backends.
    #[must_use]
    pub fn expires_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.expiration.map(|expiration| expiration.expires_at(now))
    }
}

impl From<Expiration> for PutOptions {
    fn from(expiration: Expiration) -> Self {
        Self::default().with_expiration(expiration)
    }
}

impl From<Option<Expiration>> for PutOptions {
    fn from(expiration: Option<Expiration>) -> Self {
        Self::default().with_expiration(expiration)
    }
}

impl From<Option<Metadata>> for PutOptions {
    fn from(metadata: Option<Metadata>) -> Self {
        Self::default().with_metadata(metadata)
    }
}

impl From<Metadata> for PutOptions {
    fn from(metadata: Metadata) -> Self {
        Self::default().with_metadata(metadata)
    }
}

/// Options of a read. The default reads the value and its expiry.
///
/// ```
/// use kv_core::GetOptions;
///
/// let options = GetOptions::default().with_metadata(true);
/// assert!(options.metadata && !options.text);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetOptions {
    /// `true` to fill in [`Entry::metadata`](crate::Entry::metadata).
    pub metadata: bool,
    /// Hint that the values are UTF-8 text, with which some backends read many keys in one request. It never
    /// changes the bytes that are returned.
    pub text: bool,
}

impl GetOptions {
    /// Requests the metadata, or not.
    #[must_use]
    pub const fn with_metadata(mut self, metadata: bool) -> Self {
        self.metadata = metadata;
        self
    }

    /// Sets the hint that the values are text.
    #[must_use]
    pub const fn with_text(mut self, text: bool) -> Self {
        self.text = text;
        self
    }
}
