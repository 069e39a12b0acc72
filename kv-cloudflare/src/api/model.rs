//! What the API answers, as JSON.

use std::collections::HashMap;

use kv_core::{
    Entry, Error, Jurisdiction, Key, Metadata, NamespaceId, NamespaceInfo, NamespaceTitle, Timestamp, Value,
};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::api::{codes, errors};

/// The wrapping of every answer but a value. Servers leave out, or answer `null` for, what they have nothing to say in.
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

/// The envelope of an answer whose status says no already.
#[derive(Debug, Deserialize)]
pub(crate) struct ErrorEnvelope {
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) errors: ApiErrors,
}

/// `Default` would ask it of `T` too.
const fn none<T>() -> Option<T> {
    None
}

/// Reads `null` as what a missing field is.
fn lenient<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(json: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(json)?.unwrap_or_default())
}

/// The errors of an envelope, or those behind one of them.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct ApiErrors(Vec<Option<ApiError>>);

/// One of an envelope's errors.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct ApiError {
    #[serde(default)]
    pub(crate) code: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) message: String,
    /// Its causes. The service says only "invalid request headers", say, and here in which of them.
    #[serde(default, deserialize_with = "lenient")]
    error_chain: ApiErrors,
}

impl ApiErrors {
    /// The one that counts: the first whose code has a meaning, causes before what they caused, or else just the first.
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

/// What an envelope says of a page.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct ResultInfo {
    #[serde(default)]
    pub(crate) cursor: Option<String>,
    #[serde(default)]
    pub(crate) total_count: Option<usize>,
}

/// A result that says nothing: some servers answer `null` and some `{}`.
pub(crate) type Ignored = IgnoredAny;

/// A namespace. A rename is answered with one, with `null` or with `{}`.
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
    /// `true` if both the id and the title are there.
    pub(crate) const fn is_complete(&self) -> bool {
        self.id.is_some() && self.title.is_some()
    }

    pub(crate) fn into_info(self) -> Result<NamespaceInfo, Error> {
        let (Some(id), Some(title)) = (self.id, self.title) else {
            return Err(errors::unexpected_response("a namespace without an id or a title"));
        };
        // The service may come to know more jurisdictions than this crate: better none of it than no namespace at all.
        let jurisdiction = self.jurisdiction.and_then(|name| name.parse::<Jurisdiction>().ok());
        let info =
            NamespaceId::new(id).and_then(|id| Ok(NamespaceInfo::new(id, NamespaceTitle::new(title)?)));
        let info = info.map(|info| info.with_jurisdiction(jurisdiction));
        info.map_err(|_| {
            errors::unexpected_response("a namespace whose id or title has a length that none has")
        })
    }
}

/// A key of a listing.
#[derive(Debug, Deserialize)]
pub(crate) struct ListedKey {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) expiration: Option<u64>,
    /// The text as it was sent, so that big numbers and the order of keys survive.
    #[serde(default)]
    pub(crate) metadata: Option<Box<RawValue>>,
}

/// What a bulk get found.
#[derive(Debug, Deserialize)]
pub(crate) struct BulkValues {
    values: HashMap<String, Option<TextEntry>>,
}

/// What a bulk get says of one key.
#[derive(Debug)]
pub(crate) enum BulkValue {
    Absent,
    Present(TextEntry),
    /// Nothing: the service answers no bulk get for it, or loses keys that look like numbers. Absence is told by `null`.
    Missing,
}

impl BulkValues {
    /// What it says of `key`, which is asked about once.
    pub(crate) fn take(&mut self, key: &Key<'_>) -> BulkValue {
        match self.values.remove(key.as_str()) {
            Some(None | Some(TextEntry { value: None, .. })) => BulkValue::Absent,
            Some(Some(found)) => BulkValue::Present(found),
            None => BulkValue::Missing,
        }
    }
}

/// One entry of a bulk get.
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
    /// Whether its text is the value, byte for byte. What is not UTF-8 is answered with U+FFFD in places, so a text that holds
    /// it may be a value that does, or may be one that lost bytes.
    pub(crate) fn is_exact(&self) -> bool {
        self.value.as_ref().is_some_and(|text| !text.contains(char::REPLACEMENT_CHARACTER))
    }

    /// Whether its text is what `value` becomes as text.
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

    /// The entry, if there is one. Its value is the text, whatever that lost.
    pub(crate) fn into_entry(self, with_metadata: bool) -> Result<Option<Entry>, Error> {
        let Some(text) = self.value else { return Ok(None) };
        let entry = Entry::new(Value::new(text)?).with_expires_at(expires_at(self.expiration)?);
        let wanted = self.metadata.filter(|_| with_metadata);
        Ok(Some(entry.with_metadata(metadata(wanted.as_deref())?)))
    }
}

/// What became of the items of a bulk write or a bulk delete.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct BulkResult {
    #[serde(default)]
    pub(crate) unsuccessful_keys: Option<Vec<String>>,
}

/// Metadata as the service tells it; `null` is none.
pub(crate) fn metadata(text: Option<&RawValue>) -> Result<Option<Metadata>, Error> {
    let text = text.map(RawValue::get).filter(|text| *text != "null");
    text.map(Metadata::parse)
        .transpose()
        .map_err(|_| errors::unexpected_response("metadata of more than 1,024 bytes"))
}

/// A deadline as the service tells it.
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
        fn a_text_is_that_of_the_bytes_that_it_was_made_of(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"a\xc3\xa9\xf0\xff\x80"[..])], 0..40),
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
