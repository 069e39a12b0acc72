//! Parsed lines of the vectors.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value as Json;

use crate::vectors::coerce::{expand, to_seconds, to_text, whole_number};

/// Request of a line.
#[derive(Debug)]
pub(super) enum Request {
    /// Sets the clock to a time since the epoch.
    Now {
        seconds: Duration,
    },
    Advance {
        by: Duration,
    },
    Call(Call),
}

/// Call of the binding with its arguments coerced, but not yet checked against any limit.
#[derive(Debug)]
pub(super) enum Call {
    Get { key: String, kind: Kind },
    GetWithMetadata { key: String, kind: Kind },
    GetMany { keys: Vec<String>, kind: Kind, metadata: bool },
    Put { key: String, value: Vec<u8>, options: CallOptions },
    Delete { key: String },
    List { prefix: String, limit: Option<usize> },
}

/// Type of value that a `get` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Json,
    Bytes,
    Stream,
}

/// Options of a `put`.
#[derive(Debug)]
pub(super) struct CallOptions {
    pub(super) ttl: Option<Duration>,
    /// Time since the epoch.
    pub(super) expiration: Option<Duration>,
    pub(super) metadata: Json,
}

impl Request {
    pub(super) fn parse(op: &Json) -> Self {
        let options = &op["options"];
        let call = match op["op"].as_str().expect("every line names its operation") {
            "now" => {
                return Self::Now { seconds: to_seconds(&op["seconds"]) };
            }
            "advance" => {
                return Self::Advance { by: Duration::from_millis(whole_number(&op["ms"])) };
            }
            name @ ("get" | "getWithMetadata") => get(&op["key"], Kind::parse(options), name != "get"),
            "put" => Call::Put { key: key(op), value: value(op), options: CallOptions::parse(options) },
            "delete" => Call::Delete { key: key(op) },
            "list" => list(options),
            other => panic!("the vectors hold an unknown operation, {other}"),
        };
        Self::Call(call)
    }
}

/// Returns the name of the operation, followed by its arguments.
pub(super) fn describe(op: &Json) -> String {
    let mut arguments = op.clone();
    let name = arguments.as_object_mut().and_then(|fields| fields.remove("op")).unwrap_or_default();
    format!("{} {arguments}", name.as_str().unwrap_or_default())
}

fn get(key: &Json, kind: Kind, metadata: bool) -> Call {
    if let Some(keys) = key.as_array() {
        let keys = keys.iter().map(|key| to_text(Some(&expand(key)))).collect();
        return Call::GetMany { keys, kind, metadata };
    }
    let key = to_text(Some(&expand(key)));
    if metadata { Call::GetWithMetadata { key, kind } } else { Call::Get { key, kind } }
}

fn key(op: &Json) -> String {
    to_text(op.get("key").map(expand).as_ref())
}

fn value(op: &Json) -> Vec<u8> {
    if let Some(base64) = op["b64"].as_str() {
        return STANDARD.decode(base64).expect("the vectors hold valid base64");
    }
    // No line depends on the bytes of a stream, only on its length.
    if op["stream"].is_u64() {
        return "s".repeat(whole_number(&op["stream"]).try_into().expect("a stream fits in memory")).into();
    }
    // A line of `undefined` has no `value`, since JSON cannot express it.
    to_text(op.get("value").map(expand).as_ref()).into()
}

/// Parses a list call. JavaScript coerces a limit that is not a number to 0, and the binding sends no limit
/// for 0. Nor does it send an empty cursor, and no line that is played has another one.
fn list(options: &Json) -> Call {
    let prefix = expand(&options["prefix"]).as_str().unwrap_or_default().to_owned();
    let limit = usize::try_from(to_seconds(&options["limit"]).as_secs()).expect("a limit fits in 64 bits");
    Call::List { prefix, limit: (limit != 0).then_some(limit) }
}

impl Kind {
    fn parse(options: &Json) -> Self {
        match options.as_str().or(options["type"].as_str()) {
            None | Some("text") => Self::Text,
            Some("json") => Self::Json,
            Some("arrayBuffer") => Self::Bytes,
            Some("stream") => Self::Stream,
            Some(other) => panic!("the vectors hold an unknown type, {other}"),
        }
    }
}

impl CallOptions {
    fn parse(options: &Json) -> Self {
        Self {
            ttl: options.get("expirationTtl").map(to_seconds),
            expiration: options.get("expiration").map(to_seconds),
            metadata: expand(&options["metadata"]),
        }
    }
}
