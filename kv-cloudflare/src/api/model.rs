//! JSON of the API's responses.

use std::collections::HashMap;

use kv_core::{
    Entry, Error, Jurisdiction, Key, Metadata, NamespaceId, NamespaceInfo, NamespaceTitle, Timestamp, Value,
};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::api::{codes, errors};

/// Envelope of every response but a value. Servers leave a part out, or send `null`, where they have nothing
/// to say.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope<T> {
    pub(crate) success: bool,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) errors: ApiErrors,
    #[serde(default = "none")]
    pub(crate) result: Option<T>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) result_info: ResultInfo,
}

/// Envelope of a response with an error status.
#[derive(Debug, Deserialize)]
pub(crate) struct ErrorEnvelope {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) errors: ApiErrors,
}

/// Default of a result. The derived one would require `T: Default`.
const fn none<T>() -> Option<T> {
    None
}

/// Reads `null` as if the field were missing.
fn lenient<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(json: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(json)?.unwrap_or_default())
}

/// Errors of an envelope, or the causes of one of them.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct ApiErrors(Vec<Option<ApiError>>);

/// Error of an envelope.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct ApiError {
    #[serde(default)]
    pub(crate) code: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) message: String,
    /// Its causes. For "invalid request headers", for example, they name the header.
    #[serde(default, deserialize_with = "lenient")]
    error_chain: ApiErrors,
}

impl ApiErrors {
    /// Returns the error that decides: the first whose code has a meaning, causes before their effect, or
    /// else the first.
    pub(crate) fn decisive(&self) -> Option<&ApiError> {
        self.meaningful().or_else(|| self.0.iter().flatten().next())
    }

    fn meaningful(&self) -> Option<&ApiError> {
        self.0.iter().flatten().find_map(|error| {
            let known = error.code.and_then(codes::find).filter(|code| code.meaning.is_some());
            error.error_chain.meaningful().or_else(|| known.map(|_| error))
        })
    }
}

/// Page information of an envelope.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct ResultInfo {
    #[serde(default)]
    pub(crate) cursor: Option<String>,
    #[serde(default)]
    pub(crate) total_count: Option<usize>,
}

/// Result that is not read: some servers send `null` and some `{}`.
pub(crate) type Ignored = IgnoredAny;

/// Namespace. The response to a rename is one, `null` or `{}`.
#[derive(Debug, Deserialize)]
pub(crate) struct ApiNamespace {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    jurisdiction: Option<String>,
}

impl ApiNamespace {
    /// `true` if it has both an id and a title.
    pub(crate) const fn is_complete(&self) -> bool {
        self.id.is_some() && self.title.is_some()
    }

    pub(crate) fn into_info(self) -> Result<NamespaceInfo, Error> {
        let (Some(id), Some(title)) = (self.id, self.title) else {
            return Err(errors::unexpected_response("a namespace without an id or a title"));
        };
        // The service may know more jurisdictions than this crate: an unknown one is dropped, not the
        // namespace.
        let jurisdiction = self.jurisdiction.and_then(|name| name.parse::<Jurisdiction>().ok());
        let info =
            NamespaceId::new(id).and_then(|id| Ok(NamespaceInfo::new(id, NamespaceTitle::new(title)?)));
        let info = info.map(|info| info.with_jurisdiction(jurisdiction));
        info.map_err(|_| errors::unexpected_response("a namespace whose id or title has an invalid length"))
    }
}

/// Key of a listing.
#[derive(Debug, Deserialize)]
pub(crate) struct ListedKey {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) expiration: Option<u64>,
    /// The text as it was sent, so that big numbers and the order of keys are kept.
    #[serde(default)]
    pub(crate) metadata: Option<Box<RawValue>>,
}

/// Result of a bulk get.
#[derive(Debug, Deserialize)]
pub(crate) struct BulkValues {
    values: HashMap<String, Option<TextEntry>>,
}

/// Result of a bulk get for one key.
#[derive(Debug)]
pub(crate) enum BulkValue {
    Absent,
    Present(TextEntry),
    /// The service leaves it out: it refuses a bulk get of the key, or loses keys that look like numbers.
    /// `null` means absent.
    Missing,
}

impl BulkValues {
    /// Takes the result for `key` out.
    pub(crate) fn take(&mut self, key: &Key<'_>) -> BulkValue {
        match self.values.remove(key.as_str()) {
            Some(None | Some(TextEntry { value: None, .. })) => BulkValue::Absent,
            Some(Some(found)) => BulkValue::Present(found),
            None => BulkValue::Missing,
        }
    }
}

/// Entry of a bulk get, with its value as text.
#[derive(Debug, Deserialize)]
pub(crate) struct TextEntry {
    #[serde(default)]
    pub(crate) value: Option<String>,
    #[serde(default)]
    pub(crate) expiration: Option<u64>,
    #[serde(default)]
    pub(crate) metadata: Option<Box<RawValue>>,
}

impl TextEntry {
    /// `true` if its text is the value, byte for byte. The service replaces bytes that are not UTF-8 by
    /// U+FFFD, so a text with this character may have lost bytes.
    pub(crate) fn is_exact(&self) -> bool {
        self.value.as_ref().is_some_and(|text| !text.contains(char::REPLACEMENT_CHARACTER))
    }

    /// `true` if its text is what `value` becomes as text.
    pub(crate) fn is_text_of(&self, value: &[u8]) -> bool {
        let Some(mut rest) = self.value.as_deref() else { return false };
        for chunk in value.utf8_chunks() {
            let Some(after) = rest.strip_prefix(chunk.valid()) else { return false };
            rest = after;
            if !chunk.invalid().is_empty() {
                let Some(after) = rest.strip_prefix(char::REPLACEMENT_CHARACTER) else { return false };
                rest = after;
            }
        }
        rest.is_empty()
    }

    /// Returns the entry, if there is one. Its value is the text, even if that lost bytes.
    pub(crate) fn into_entry(self, with_metadata: bool) -> Result<Option<Entry>, Error> {
        let Some(text) = self.value else { return Ok(None) };
        let entry = Entry::new(Value::new(text)?).with_expires_at(expires_at(self.expiration)?);
        let wanted = self.metadata.filter(|_| with_metadata);
        Ok(Some(entry.with_metadata(metadata(wanted.as_deref())?)))
    }
}

/// Result of a bulk write or a bulk delete.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct BulkResult {
    #[serde(default)]
    pub(crate) unsuccessful_keys: Option<Vec<String>>,
}

/// Parses metadata of a response; `null` is no metadata.
pub(crate) fn metadata(text: Option<&RawValue>) -> Result<Option<Metadata>, Error> {
    let text = text.map(RawValue::get).filter(|text| *text != "null");
    text.map(Metadata::parse)
        .transpose()
        .map_err(|_| errors::unexpected_response("metadata of more than 1,024 bytes"))
}

/// Parses an expiry of a response, in seconds since the epoch.
pub(crate) fn expires_at(seconds: Option<u64>) -> Result<Option<Timestamp>, Error> {
    let expires_at = seconds.map(Timestamp::from_secs).transpose();
    expires_at.map_err(|_| errors::unexpected_response("an expiration after the year 9999"))
}

#[cfg(test)]
mod tests {
    use kv_testkit::proptest::prelude::*;

    use super::TextEntry;

    fn found(text: &str) -> TextEntry {
        TextEntry { value: Some(text.to_owned()), expiration: None, metadata: None }
    }

    proptest! {
        #[test]
        fn lossy_text_belongs_to_its_bytes_alone(
            bytes in prop::collection::vec(
                prop_oneof![any::<u8>(), prop::sample::select(&b"a\xc3\xa9\xf0\xff\x80"[..])],
                0..40,
            ),
            other in ".{0,4}",
        ) {
            let text = String::from_utf8_lossy(&bytes);
            prop_assert!(found(&text).is_text_of(&bytes));
            prop_assert_eq!(found(&text).is_exact(), !text.contains('\u{fffd}'));
            let longer = format!("{text}{other}");
            prop_assert!(other.is_empty() || !found(&longer).is_text_of(&bytes));
            prop_assert!(text.is_empty() || !found("").is_text_of(&bytes));
        }
    }
}
