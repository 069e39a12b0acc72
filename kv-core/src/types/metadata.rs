//! Metadata of an entry: a small JSON text beside its value.

use std::{fmt, sync::Arc};

use serde::{Serialize, de::DeserializeOwned, de::IgnoredAny};

use crate::types::{error::Result, invalid_input::InvalidInput, json, limits};

/// Metadata of an entry: JSON of at most 1,024 bytes of compact text, beside the value. Cheap to clone.
///
/// Listings return it without reading the value. The limit counts the bytes of the text with its quotes and
/// escapes, as Workers KV counts them: a string of 1,022 `x` fits. JSON `null` means that there is no
/// metadata, so it is rejected here;
/// [`PutOptions::with_metadata_json`](crate::PutOptions::with_metadata_json) accepts it and sets none.
///
/// `Debug` shows its length alone.
///
/// ```
/// use kv_core::Metadata;
///
/// let metadata = Metadata::parse(r#"{ "big": 12345678901234567890.5, "a": 1 }"#)?;
/// assert_eq!(metadata.as_str(), r#"{"big":12345678901234567890.5,"a":1}"#);
/// # Ok::<(), kv_core::InvalidInput>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Metadata(Arc<str>);

impl Metadata {
    /// Writes `metadata` as compact JSON.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::MetadataNotSerializable`], [`MetadataTooLong`](InvalidInput::MetadataTooLong), or
    /// [`MetadataNull`](InvalidInput::MetadataNull) (for `None`, and for a float that is not finite).
    pub fn new<T: Serialize + ?Sized>(metadata: &T) -> Result<Self, InvalidInput> {
        let text = serde_json::to_string(metadata).map_err(|_| InvalidInput::MetadataNotSerializable)?;
        // A serde_json `RawValue` keeps its white space.
        Self::from_json(&text)
    }

    /// Takes the JSON in `text`, without the white space outside its strings. Numbers keep their digits and
    /// objects the order of their keys.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::MetadataNotJson`], [`MetadataTooLong`](InvalidInput::MetadataTooLong) or
    /// [`MetadataNull`](InvalidInput::MetadataNull).
    pub fn parse(text: &str) -> Result<Self, InvalidInput> {
        // `IgnoredAny` builds no tree and does not recurse, however deep the text nests.
        serde_json::from_str::<IgnoredAny>(text)
            .map_err(|error| InvalidInput::MetadataNotJson { line: error.line(), column: error.column() })?;
        Self::from_json(text)
    }

    /// Takes text that a backend stored from [`as_str`](Metadata::as_str). It is not parsed again, which
    /// keeps listings cheap; text that was altered in between fails in [`json`](Metadata::json).
    ///
    /// ```
    /// use kv_core::Metadata;
    ///
    /// let metadata = Metadata::new(&[1, 2])?;
    /// assert_eq!(Metadata::from_stored(metadata.as_str())?, metadata);
    /// # Ok::<(), kv_core::InvalidInput>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput::MetadataTooLong`] or [`MetadataNull`](InvalidInput::MetadataNull).
    pub fn from_stored(text: &str) -> Result<Self, InvalidInput> {
        match text.len() {
            len if len > limits::MAX_METADATA_BYTES => Err(InvalidInput::MetadataTooLong { len }),
            _ if text == "null" => Err(InvalidInput::MetadataNull),
            _ => Ok(Self(text.into())),
        }
    }

    fn from_json(text: &str) -> Result<Self, InvalidInput> {
        Self::from_stored(&compact(text))
    }

    /// Returns the compact JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Decodes the metadata as a `T`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Codec`](crate::ErrorKind::Codec); its message names the line and column, never the text.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.0).map_err(|error| json::decode_error("metadata", &error))
    }
}

/// Removes the white space outside the strings of valid JSON.
fn compact(text: &str) -> String {
    let mut compact = String::with_capacity(text.len().min(limits::MAX_METADATA_BYTES));
    let mut in_string = false;
    let mut escaped = false;
    for character in text.chars() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if matches!(character, ' ' | '\t' | '\n' | '\r') {
            continue;
        } else {
            in_string = character == '"';
        }
        compact.push(character);
    }
    compact
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metadata({} bytes)", self.0.len())
    }
}
