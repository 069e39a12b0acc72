//! JSON of a bulk get, written piece by piece.

use std::collections::VecDeque;

use axum::{
    body::Body,
    http::{HeaderValue, Response, header::CONTENT_TYPE},
};
use bytes::Bytes;
use futures_util::stream;
use kv_core::{Entry, Error, ErrorKind, Key, Metadata};
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

/// Bytes of a value that are escaped at once: 60 KiB of text at most.
const STEP_BYTES: usize = 10 * 1024;
/// Least bytes of a piece, but for the last one.
const PIECE_BYTES: usize = 32 * 1024;

/// Parts of each entry that are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BulkFormat {
    pub(crate) value_type: ValueType,
    /// True if a value is an object with its metadata.
    pub(crate) with_metadata: bool,
    /// True if that object also has the expiry, if there is one.
    pub(crate) with_expiration: bool,
}

/// The answer that has the values as a JSON object, between `before` and `after`; `null` for those that are absent.
///
/// It is checked before it is begun, so that nothing is left that could go wrong after the status was sent.
pub(crate) async fn respond(
    before: Vec<u8>,
    values: BulkValues,
    after: Vec<u8>,
    shape: BulkFormat,
    room: Reservation,
) -> Result<Response<Body>, BulkGetError> {
    let bytes = values.bytes;
    // Text is only looked at when it is written.
    let checked = if shape.value_type == ValueType::Json { bytes } else { 0 };
    let pieces = offload::run(checked, move || Pieces::new(before, values, after, shape)).await??;
    let body = if bytes <= UNRESERVED_BYTES {
        Body::from(pieces.flatten().collect::<Vec<u8>>())
    } else {
        Body::from_stream(stream::iter(pieces.map(Ok::<_, Error>)))
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    room.attach_to(&mut response);
    Ok(response)
}

/// The text of the answer, of which no more than a piece is there at once.
#[derive(Debug)]
struct Pieces {
    parts: VecDeque<Part>,
}

#[derive(Debug)]
enum Part {
    /// Bytes that are JSON as they are.
    Json(Bytes),
    /// Bytes that are written as a string, without its quotes.
    Text(Bytes),
}

impl Pieces {
    fn new(
        before: Vec<u8>,
        values: BulkValues,
        after: Vec<u8>,
        shape: BulkFormat,
    ) -> Result<Self, BulkGetError> {
        let mut pieces = Self { parts: VecDeque::new() };
        pieces.push(before);
        pieces.push("{");
        for (index, (key, entry)) in values.entries.into_iter().enumerate() {
            pieces.push(if index == 0 { "" } else { "," });
            pieces.push_member(&key, entry, shape)?;
        }
        pieces.push("}");
        pieces.push(after);
        Ok(pieces)
    }

    fn push(&mut self, json: impl Into<Bytes>) {
        self.parts.push_back(Part::Json(json.into()));
    }

    fn push_member(
        &mut self,
        key: &Key<'_>,
        entry: Option<Entry>,
        shape: BulkFormat,
    ) -> Result<(), BulkGetError> {
        self.push(json_output::write(key.as_str())?);
        let Some(Entry { value, metadata, expires_at, .. }) = entry else {
            self.push(":null");
            return Ok(());
        };
        self.push(if shape.with_metadata { ":{\"value\":" } else { ":" });
        let value = value.into_bytes();
        match shape.value_type {
            ValueType::Text => {
                self.push("\"");
                self.parts.push_back(Part::Text(value));
                self.push("\"");
            }
            ValueType::Json => {
                let json: &RawValue = serde_json::from_slice(&value).map_err(|_| BulkGetError::NotJson)?;
                // Without the white space around it.
                let json = value.slice_ref(json.get().as_bytes());
                self.push(json);
            }
        }
        if shape.with_metadata {
            self.push(",\"metadata\":");
            self.push(metadata.as_ref().map_or(Ok("null".to_owned()), as_written)?);
            if let Some(expires_at) = expires_at.filter(|_| shape.with_expiration) {
                self.push(format!(",\"expiration\":{}", expires_at.as_secs()));
            }
            self.push("}");
        }
        Ok(())
    }
}

impl Iterator for Pieces {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut piece = Vec::new();
        while piece.len() < PIECE_BYTES
            && let Some(part) = self.parts.front_mut()
        {
            let (Part::Json(rest) | Part::Text(rest)) = part;
            if rest.is_empty() {
                self.parts.pop_front();
                continue;
            }
            match part {
                // What is long is sent as it is; the connection takes it in frames.
                Part::Json(json) if piece.is_empty() && json.len() > PIECE_BYTES => {
                    return Some(std::mem::take(json));
                }
                Part::Json(json) if json.len() > PIECE_BYTES => break,
                Part::Json(json) => piece.append(&mut std::mem::take(json).into()),
                Part::Text(text) => {
                    let step = text.split_to(whole_characters(text));
                    escape(&step, &mut piece);
                }
            }
        }
        Some(piece).filter(|piece| !piece.is_empty()).map(Bytes::from)
    }
}

/// The length of a step into `text` after which no character is cut that is whole in it.
fn whole_characters(text: &[u8]) -> usize {
    if text.len() <= STEP_BYTES {
        return text.len();
    }
    // A character has four bytes at most, and a byte that starts one is in no other.
    let last = (STEP_BYTES - 3..STEP_BYTES).rev().find(|at| text.get(*at).is_some_and(|byte| *byte >= 0xC0));
    last.unwrap_or(STEP_BYTES)
}

/// Adds `text` as it stands in a JSON string, with U+FFFD for what is not UTF-8.
fn escape(text: &[u8], json: &mut Vec<u8>) {
    // A text can always be written.
    let quoted = serde_json::to_vec(&String::from_utf8_lossy(text)).unwrap_or_default();
    json.extend_from_slice(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
}

/// The text of metadata, if it is JSON.
fn as_written(metadata: &Metadata) -> Result<String, Error> {
    let json: &RawValue = serde_json::from_str(metadata.as_str()).map_err(|_| {
        Error::new(ErrorKind::Corrupt, env!("CARGO_PKG_NAME"), "the stored metadata is not JSON")
    })?;
    Ok(json.get().to_owned())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use kv_core::{Entry, Key, Metadata, Value};
    use proptest::{collection::vec, prelude::*};

    use super::{BulkFormat, PIECE_BYTES, Pieces, STEP_BYTES};
    use crate::protocol::bulk_values::{BulkGetError, BulkValues, ValueType};

    fn shape(value_type: ValueType, with_metadata: bool) -> BulkFormat {
        BulkFormat { value_type, with_metadata, with_expiration: true }
    }

    fn pieces(
        values: Vec<(&'static str, Option<Bytes>)>,
        shape: BulkFormat,
    ) -> Result<Vec<Bytes>, BulkGetError> {
        let entry =
            |value| Entry::new(Value::new(value).unwrap()).with_metadata(Metadata::parse("[1.0]").unwrap());
        let entries: Vec<_> = values
            .into_iter()
            .map(|(key, value): (_, Option<Bytes>)| (Key::new(key).unwrap(), value.map(entry)))
            .collect();
        let values = BulkValues { entries, bytes: 0 };
        Ok(Pieces::new(b"[".to_vec(), values, b"]".to_vec(), shape)?.collect())
    }

    fn strings() -> impl Strategy<Value = Vec<u8>> {
        // Long runs of one text, so that steps end at any place in it, with bytes between that are no text.
        let run = ("[\\x00-\\x7fé€😀]{1,7}", 0..2 * STEP_BYTES)
            .prop_map(|(text, len)| text.repeat(len / text.len()));
        vec((run, vec(any::<u8>(), 0..9)), 0..3).prop_map(|runs| {
            runs.into_iter().flat_map(|(run, bytes)| [run.into_bytes(), bytes].concat()).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_pieces_are_what_is_written_at_once(value in strings(), with_metadata: bool) {
            let values = vec![("é\"", None), ("k", Some(Bytes::from(value.clone()))), ("l", Some(Bytes::new()))];
            let written = pieces(values, shape(ValueType::Text, with_metadata)).unwrap();
            prop_assert!(written.iter().all(|piece| piece.len() < PIECE_BYTES + 6 * STEP_BYTES));
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
    fn json_is_sent_as_it_was_stored_or_not_at_all() {
        let long = format!(" [1.0,\"{}\"]\n", "x".repeat(3 * PIECE_BYTES));
        let values = |last: &'static str| {
            let long = Bytes::from(long.clone());
            vec![("a", Some(long)), ("b", Some(Bytes::from_static(b"1.50"))), ("c", Some(Bytes::from(last)))]
        };
        let written = pieces(values("{}"), shape(ValueType::Json, false)).unwrap().concat();
        let expected = format!(r#"[{{"a":{},"b":1.50,"c":{{}}}}]"#, long.trim());
        assert_eq!(String::from_utf8(written).unwrap(), expected);
        for broken in ["", "{", "1 2", "\u{feff}1"] {
            let refused = pieces(values(broken), shape(ValueType::Json, false));
            assert!(matches!(refused, Err(BulkGetError::NotJson)), "{broken:?}");
        }
    }
}
