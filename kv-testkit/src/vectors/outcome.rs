//! Outcome of an operation.

use std::fmt;

use kv_core::{Error, ErrorKind, Result};
use serde_json::{Value as Json, json};

/// Outcome of an operation, in the form of the vectors.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The answer. A cursor in it is replaced by `true`.
    Answered(Json),
    /// The kind of the error.
    Failed(ErrorKind),
}

impl Outcome {
    /// Returns the outcome that a line records.
    pub(super) fn expected(line: &Json) -> Self {
        if let Some(error) = line.get("error") {
            return Self::Failed(kind(error));
        }
        let mut answer = line["ok"].clone();
        // Only the results of a list and of a read with metadata have a `cacheStatus`; a stored JSON value is
        // not touched.
        if let Some(fields) = answer.as_object_mut().filter(|fields| fields.contains_key("cacheStatus")) {
            fields.remove("cacheStatus");
            if let Some(cursor) = fields.get_mut("cursor") {
                *cursor = json!(true);
            }
        }
        Self::Answered(answer)
    }
}

/// Returns the kind of error with which the contract answers where the binding throws `error`.
fn kind(error: &Json) -> ErrorKind {
    let name = error["name"].as_str().unwrap_or_default();
    let message = error["message"].as_str().unwrap_or_default();
    let status = message.split(" failed: ").nth(1).unwrap_or_default();
    if name == "SyntaxError" || message.ends_with("non-json value") {
        ErrorKind::Codec
    } else if name == "TypeError" || status.starts_with('4') {
        ErrorKind::InvalidInput
    } else {
        panic!("the vectors hold an unknown error, {message}")
    }
}

impl From<Result<Json>> for Outcome {
    fn from(result: Result<Json>) -> Self {
        result.map_or_else(|error: Error| Self::Failed(error.kind()), Self::Answered)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(answer) if answer["$"] == "undefined" => f.write_str("done"),
            Self::Answered(answer) => answer.fmt(f),
            Self::Failed(kind) => write!(f, "error: {kind}"),
        }
    }
}
