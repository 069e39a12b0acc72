//! What a line asks for.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value as Json;

use crate::vectors::coerce::{expand, to_seconds, to_text, whole_number};

/// What a line asks for.
#[derive(Debug)]
pub(super) enum Request {
    /// Set the clock, in time since the epoch.
    Now {
        seconds: Duration,
    },
    Advance {
        by: Duration,
    },
    Call(Call),
}

/// A call of the binding, coerced as JavaScript does, and not yet held against any limit.
#[derive(Debug)]
pub(super) enum Call {
    Get { key: String, kind: Kind },
    GetWithMetadata { key: String, kind: Kind },
    GetMany { keys: Vec<String>, kind: Kind, metadata: bool },
    Put { key: String, value: Vec<u8>, options: CallOptions },
    Delete { key: String },
    List { prefix: String, limit: Option<usize> },
}

/// What a `get` is to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Json,
    Bytes,
    Stream,
}

/// The options of a put.
#[derive(Debug)]
pub(super) struct CallOptions {
    pub(super) time_to_live: Option<Duration>,
    /// In time since the epoch.
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

/// The name of the operation, and then its arguments.
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
        return STANDARD.decode(base64).expect("the vectors hold good base64");
    }
    // Which bytes the stream had, no line asks.
    if op["stream"].is_u64() {
        return "s".repeat(whole_number(&op["stream"]).try_into().expect("a stream fits in memory")).into();
    }
    // A kind of `undefined` stands for a value that JSON cannot write, and has no value beside it.
    to_text(op.get("value").map(expand).as_ref()).into()
}

/// A limit that is no number is 0 to JavaScript, and the binding sends none for 0. So it does for an empty cursor,
/// which is the only one in the lines that are played.
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
            time_to_live: options.get("expirationTtl").map(to_seconds),
            expiration: options.get("expiration").map(to_seconds),
            metadata: expand(&options["metadata"]),
        }
    }
}
