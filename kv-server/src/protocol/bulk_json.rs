//! JSON of a bulk get, written in chunks as the client reads it.

use std::collections::VecDeque;

use axum::{
    body::Body,
    http::{HeaderValue, Response, header::CONTENT_TYPE},
};
use bytes::Bytes;
use futures_util::stream;
use kv_core::{Entry, Error, Key};
use serde_json::value::RawValue;

use crate::{
    http::{
        memory::{Reservation, UNRESERVED_BYTES},
        offload,
    },
    protocol::{
        bulk_values::{BulkGetError, BulkValues, ValueType},
        json_output,
    },
};

/// Bytes of a value that are escaped in one step, into at most 60 KiB.
const STEP_BYTES: usize = 10 * 1024;
/// Minimum length of a chunk, the last one excepted.
const CHUNK_BYTES: usize = 32 * 1024;

/// Form of the entries in a response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BulkFormat {
    pub(crate) value_type: ValueType,
    /// `true` for an object with value and metadata, `false` for the value alone.
    pub(crate) with_metadata: bool,
    /// `true` if that object has the expiration too.
    pub(crate) with_expiration: bool,
}

/// Returns a response with the values as a JSON object, between `before` and `after`; absent ones are `null`.
///
/// Values and metadata are checked here, since no error can be reported once the status is sent.
pub(crate) async fn respond(
    before: Vec<u8>,
    values: BulkValues,
    after: Vec<u8>,
    format: BulkFormat,
    reservation: Reservation,
) -> Result<Response<Body>, BulkGetError> {
    let bytes = values.bytes;
    // Text needs no check.
    let checked = if format.value_type == ValueType::Json { bytes } else { 0 };
    let chunks = offload::run(checked, move || Chunks::new(before, values, after, format)).await??;
    let body = if bytes <= UNRESERVED_BYTES {
        Body::from(chunks.flatten().collect::<Vec<u8>>())
    } else {
        Body::from_stream(stream::iter(chunks.map(Ok::<_, Error>)))
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reservation.attach_to(&mut response);
    Ok(response)
}

/// Iterator over the response's JSON, which is never in memory as a whole.
#[derive(Debug)]
struct Chunks {
    parts: VecDeque<Part>,
}

#[derive(Debug)]
enum Part {
    /// JSON, to be sent as it is.
    Json(Bytes),
    /// Contents of a string, to be escaped.
    Text(Bytes),
}

impl Chunks {
    fn new(
        before: Vec<u8>,
        values: BulkValues,
        after: Vec<u8>,
        format: BulkFormat,
    ) -> Result<Self, BulkGetError> {
        let mut chunks = Self { parts: VecDeque::new() };
        chunks.push(before);
        chunks.push("{");
        for (index, (key, entry)) in values.entries.into_iter().enumerate() {
            chunks.push(if index == 0 { "" } else { "," });
            chunks.push_member(&key, entry, format)?;
        }
        chunks.push("}");
        chunks.push(after);
        Ok(chunks)
    }

    fn push(&mut self, json: impl Into<Bytes>) {
        self.parts.push_back(Part::Json(json.into()));
    }

    fn push_member(
        &mut self,
        key: &Key<'_>,
        entry: Option<Entry>,
        format: BulkFormat,
    ) -> Result<(), BulkGetError> {
        self.push(json_output::write(key.as_str())?);
        let Some(Entry { value, metadata, expires_at, .. }) = entry else {
            self.push(":null");
            return Ok(());
        };
        self.push(if format.with_metadata { ":{\"value\":" } else { ":" });
        let value = value.into_bytes();
        match format.value_type {
            ValueType::Text => {
                self.push("\"");
                self.parts.push_back(Part::Text(value));
                self.push("\"");
            }
            ValueType::Json => {
                let json: &RawValue = serde_json::from_slice(&value).map_err(|_| BulkGetError::NotJson)?;
                // Without the surrounding white space.
                let json = value.slice_ref(json.get().as_bytes());
                self.push(json);
            }
        }
        if format.with_metadata {
            self.push(",\"metadata\":");
            self.push(match &metadata {
                Some(metadata) => json_output::metadata(metadata)?.get().to_owned(),
                None => "null".to_owned(),
            });
            if let Some(expires_at) = expires_at.filter(|_| format.with_expiration) {
                self.push(format!(",\"expiration\":{}", expires_at.as_secs()));
            }
            self.push("}");
        }
        Ok(())
    }
}

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut chunk = Vec::new();
        while chunk.len() < CHUNK_BYTES
            && let Some(part) = self.parts.front_mut()
        {
            let (Part::Json(rest) | Part::Text(rest)) = part;
            if rest.is_empty() {
                self.parts.pop_front();
                continue;
            }
            match part {
                // A long part is sent without a copy, as a chunk of its own.
                Part::Json(json) if chunk.is_empty() && json.len() > CHUNK_BYTES => {
                    return Some(std::mem::take(json));
                }
                Part::Json(json) if json.len() > CHUNK_BYTES => break,
                Part::Json(json) => chunk.append(&mut std::mem::take(json).into()),
                Part::Text(text) => {
                    let step = text.split_to(whole_characters(text));
                    escape(&step, &mut chunk);
                }
            }
        }
        Some(chunk).filter(|chunk| !chunk.is_empty()).map(Bytes::from)
    }
}

/// Returns the length of a step into `text` that ends between characters, as far as `text` is UTF-8.
fn whole_characters(text: &[u8]) -> usize {
    if text.len() <= STEP_BYTES {
        return text.len();
    }
    // A character has at most four bytes, and a byte from 0xC0 only ever starts one.
    let last = (STEP_BYTES - 3..STEP_BYTES).rev().find(|at| text.get(*at).is_some_and(|byte| *byte >= 0xC0));
    last.unwrap_or(STEP_BYTES)
}

/// Appends `text` as the contents of a JSON string, with U+FFFD in place of malformed UTF-8.
fn escape(text: &[u8], json: &mut Vec<u8>) {
    // Serializing a string cannot fail.
    let string = serde_json::to_vec(&String::from_utf8_lossy(text)).unwrap_or_default();
    json.extend_from_slice(string.get(1..string.len().saturating_sub(1)).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use kv_core::{Entry, Key, Metadata, Value};
    use proptest::{collection::vec, prelude::*};

    use super::{BulkFormat, CHUNK_BYTES, Chunks, STEP_BYTES};
    use crate::protocol::bulk_values::{BulkGetError, BulkValues, ValueType};

    fn format(value_type: ValueType, with_metadata: bool) -> BulkFormat {
        BulkFormat { value_type, with_metadata, with_expiration: true }
    }

    fn chunks(
        values: Vec<(&'static str, Option<Bytes>)>,
        format: BulkFormat,
    ) -> Result<Vec<Bytes>, BulkGetError> {
        let entry =
            |value| Entry::new(Value::new(value).unwrap()).with_metadata(Metadata::parse("[1.0]").unwrap());
        let entries: Vec<_> = values
            .into_iter()
            .map(|(key, value): (_, Option<Bytes>)| (Key::new(key).unwrap(), value.map(entry)))
            .collect();
        let values = BulkValues { entries, bytes: 0 };
        Ok(Chunks::new(b"[".to_vec(), values, b"]".to_vec(), format)?.collect())
    }

    fn strings() -> impl Strategy<Value = Vec<u8>> {
        // Long runs of one text, so that steps end anywhere in it, with arbitrary bytes in between.
        let run = ("[\\x00-\\x7fé€😀]{1,7}", 0..2 * STEP_BYTES)
            .prop_map(|(text, len)| text.repeat(len / text.len()));
        vec((run, vec(any::<u8>(), 0..9)), 0..3).prop_map(|runs| {
            runs.into_iter().flat_map(|(run, bytes)| [run.into_bytes(), bytes].concat()).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_chunks_are_the_json_of_the_whole(value in strings(), with_metadata: bool) {
            let values = vec![("é\"", None), ("k", Some(Bytes::from(value.clone()))), ("l", Some(Bytes::new()))];
            let written = chunks(values, format(ValueType::Text, with_metadata)).unwrap();
            prop_assert!(written.iter().all(|chunk| chunk.len() < CHUNK_BYTES + 6 * STEP_BYTES));
            let show = |text: &str| {
                let text = serde_json::to_string(text).unwrap();
                if with_metadata { format!(r#"{{"value":{text},"metadata":[1.0]}}"#) } else { text }
            };
            let text = show(&String::from_utf8_lossy(&value));
            let empty = show("");
            let expected = format!(r#"[{{"é\"":null,"k":{text},"l":{empty}}}]"#);
            prop_assert_eq!(written.concat(), expected.into_bytes());
        }
    }

    #[test]
    fn json_is_sent_as_stored_or_refused() {
        let long = format!(" [1.0,\"{}\"]\n", "x".repeat(3 * CHUNK_BYTES));
        let values = |last: &'static str| {
            let long = Bytes::from(long.clone());
            vec![("a", Some(long)), ("b", Some(Bytes::from_static(b"1.50"))), ("c", Some(Bytes::from(last)))]
        };
        let written = chunks(values("{}"), format(ValueType::Json, false)).unwrap().concat();
        let expected = format!(r#"[{{"a":{},"b":1.50,"c":{{}}}}]"#, long.trim());
        assert_eq!(String::from_utf8(written).unwrap(), expected);
        for broken in ["", "{", "1 2", "\u{feff}1"] {
            let refused = chunks(values(broken), format(ValueType::Json, false));
            assert!(matches!(refused, Err(BulkGetError::NotJson)), "{broken:?}");
        }
    }
}
