//! Errors of JSON, told without the data.

use serde_json::error::Category;

use crate::types::{
    error::{BACKEND, Error},
    error_kind::ErrorKind,
};

/// `what` could not be read as the caller's type.
pub(crate) fn decode_error(what: &str, error: &serde_json::Error) -> Error {
    let place = format!("at line {}, column {}", error.line(), error.column());
    let message = match error.classify() {
        Category::Data => match complaint(&error.to_string()) {
            Some(complaint) => format!("{what} is not JSON of the wanted type: {complaint}, {place}"),
            None => format!("{what} is not JSON of the wanted type, {place}"),
        },
        Category::Eof => format!("{what} is not JSON: it ends too early, {place}"),
        Category::Syntax | Category::Io => format!("{what} is not JSON, {place}"),
    };
    Error::new(ErrorKind::Codec, BACKEND, message)
}

/// The caller's type could not be written.
pub(crate) fn encode_error(_: &serde_json::Error) -> Error {
    // The error's own text is the type's, which may quote what it failed on.
    Error::new(ErrorKind::Codec, BACKEND, "the type given cannot be written as JSON")
}

/// The part of serde's message that comes from the type: "invalid type: string "secret", expected u64" quotes
/// the data, so all but the end of it is dropped.
fn complaint(message: &str) -> Option<String> {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    if message.starts_with("missing field ") {
        return Some(message.to_owned());
    }
    let typed =
        ["invalid type: ", "invalid value: ", "invalid length "].iter().any(|form| message.starts_with(form));
    message.rsplit_once(", expected ").filter(|_| typed).map(|(_, wanted)| format!("expected {wanted}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::decode_error;

    #[derive(Debug, Deserialize)]
    struct Session {
        #[expect(dead_code, reason = "only the failure to read it matters")]
        user: u64,
    }

    fn message<T: serde::de::DeserializeOwned + std::fmt::Debug>(text: &str) -> String {
        let error = decode_error("the value", &serde_json::from_str::<T>(text).unwrap_err());
        assert!(std::error::Error::source(&error).is_none(), "the source would quote the data");
        error.to_string()
    }

    #[test]
    fn the_types_complaint_is_kept_and_the_data_is_not() {
        assert_eq!(
            message::<Session>(r#"{"user":"hunter2, expected a"}"#),
            "the value is not JSON of the wanted type: expected u64, at line 1, column 29"
        );
        assert_eq!(
            message::<Session>("{}"),
            "the value is not JSON of the wanted type: missing field `user`, at line 1, column 2"
        );
        assert_eq!(message::<Session>("{"), "the value is not JSON: it ends too early, at line 1, column 1");
        assert_eq!(message::<Session>("hunter2"), "the value is not JSON, at line 1, column 1");
        assert!(!message::<BTreeMap<u8, u8>>(r#"{"hunter2":1}"#).contains("hunter2"));
    }
}
