//! Many values in one JSON object, as a bulk get is answered.

use std::borrow::Cow;

use kv_core::{Entry, Error, ErrorKind, GetOptions, Key, KvNamespace, Timestamp, limits};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::distinct;

/// The most keys of a bulk get.
pub(crate) const MAX_KEYS: usize = 100;
/// How many values are read at once. What they hold beyond the limit of an answer is read for nothing.
const READ_AT_ONCE: usize = 10;
/// The most characters of a client's own text that a message repeats.
const MAX_QUOTED_CHARS: usize = 64;

/// Why a bulk get fails, in the service's own words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BulkGetError {
    #[error("\"{0}\" is not a valid type. Use \"json\" or \"text\"")]
    UnknownType(String),
    #[error("You must request a minimum of 1 key")]
    NoKeys,
    #[error("You can request a maximum of {MAX_KEYS} keys")]
    TooManyKeys,
    #[error("Total size of request exceeds the limit of 25MB")]
    TooLong,
    #[error("At least one of the requested keys corresponds to a non-json value")]
    NotJson,
    #[error(transparent)]
    Store(#[from] Error),
}

/// As what a bulk get wants its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueType {
    /// As strings, with U+FFFD for what is not UTF-8, as the binding decodes text.
    Text,
    /// As the JSON that they are.
    Json,
}

impl ValueType {
    /// The type of that name; text if there is none.
    pub(crate) fn parse(name: Option<&str>) -> Result<Self, BulkGetError> {
        match name {
            None | Some("" | "text") => Ok(Self::Text),
            Some("json") => Ok(Self::Json),
            Some(other) => Err(BulkGetError::UnknownType(other.chars().take(MAX_QUOTED_CHARS).collect())),
        }
    }
}

/// Fails unless that many keys may be asked for.
pub(crate) fn check_count(keys: usize) -> Result<(), BulkGetError> {
    match keys {
        0 => Err(BulkGetError::NoKeys),
        1..=MAX_KEYS => Ok(()),
        _ => Err(BulkGetError::TooManyKeys),
    }
}

/// What is shown of each entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) value_type: ValueType,
    /// Whether a value is an object with its metadata.
    pub(crate) with_metadata: bool,
    /// Whether that object also has the deadline, if there is one.
    pub(crate) with_expiration: bool,
}

/// The entries of a bulk get, whose values have 25 MiB together at most.
#[derive(Debug)]
pub(crate) struct BulkValues {
    entries: Vec<(Key<'static>, Option<Entry>)>,
    /// How many bytes the values have together.
    pub(crate) bytes: usize,
}

impl BulkValues {
    /// Reads `keys`, each once.
    pub(crate) async fn read(
        namespace: &dyn KvNamespace,
        keys: Vec<Key<'static>>,
        with_metadata: bool,
    ) -> Result<Self, BulkGetError> {
        // They are to be shown as text or as JSON, which is text.
        let options = GetOptions::default().with_metadata(with_metadata).with_text(true);
        let keys = distinct::keys(keys);
        let (mut entries, mut bytes) = (Vec::with_capacity(keys.len()), 0);
        for keys in keys.chunks(READ_AT_ONCE) {
            let read = namespace.read_many(keys.to_vec(), options).await?;
            bytes += read.iter().flatten().map(|entry| entry.value.len()).sum::<usize>();
            if bytes > limits::MAX_VALUE_BYTES {
                return Err(BulkGetError::TooLong);
            }
            entries.extend(keys.iter().cloned().zip(read));
        }
        Ok(Self { entries, bytes })
    }

    /// The entries as a JSON object, `null` for those that are absent. What was stored as JSON is in it as it was stored.
    pub(crate) fn to_object(&self, shape: Shape) -> Result<Object<'_>, BulkGetError> {
        let members = self.entries.iter().map(|(key, entry)| {
            let member = entry.as_ref().map(|entry| member(entry, shape)).transpose()?;
            Ok((key.as_str(), member))
        });
        members.collect::<Result<_, BulkGetError>>().map(Object)
    }
}

/// A list of pairs that is written as an object: a map of any kind would sort keys, or take some for numbers.
pub(crate) struct Object<'a>(Vec<(&'a str, Option<Member<'a>>)>);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, member)| (key, member)))
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Member<'a> {
    Value(Written<'a>),
    WithMetadata {
        value: Written<'a>,
        metadata: Option<&'a RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        expiration: Option<Timestamp>,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Written<'a> {
    Text(Cow<'a, str>),
    Json(&'a RawValue),
}

fn member(entry: &Entry, shape: Shape) -> Result<Member<'_>, BulkGetError> {
    let value = match shape.value_type {
        ValueType::Text => Written::Text(entry.value.to_text_lossy()),
        ValueType::Json => {
            Written::Json(serde_json::from_slice(&entry.value).map_err(|_| BulkGetError::NotJson)?)
        }
    };
    if !shape.with_metadata {
        return Ok(Member::Value(value));
    }
    let metadata = entry.metadata.as_ref().map(|metadata| serde_json::from_str(metadata.as_str()));
    let metadata = metadata.transpose().map_err(|_| {
        Error::new(ErrorKind::Corrupt, env!("CARGO_PKG_NAME"), "the stored metadata is not JSON")
    })?;
    let expiration = entry.expires_at.filter(|_| shape.with_expiration);
    Ok(Member::WithMetadata { value, metadata, expiration })
}
