//! Errors of JSON, without a word of the data.

use serde_json::error::Category;

use crate::types::error::{BACKEND, Error, ErrorKind};

/// Error for a `subject` that cannot be read as the caller's type: the category and the place.
///
/// serde's own message and source are left out, since they quote the data.
pub(crate) fn decode_error(subject: &str, error: &serde_json::Error) -> Error {
    let problem = match error.classify() {
        Category::Data => "is not JSON of the wanted type: mismatch",
        Category::Eof => "is not JSON: unexpected end",
        Category::Syntax | Category::Io => "is not JSON: syntax error",
    };
    let message = format!("{subject} {problem} at line {}, column {}", error.line(), error.column());
    Error::new(ErrorKind::Codec, BACKEND, message)
}

/// Error for a type that cannot be written as JSON. The message of its `Serialize` may quote a value, so it
/// is left out.
pub(crate) fn encode_error(_: &serde_json::Error) -> Error {
    Error::new(ErrorKind::Codec, BACKEND, "value cannot be written as JSON: its type failed to serialize")
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, error::Error as _, fmt::Debug};

    use serde::de::DeserializeOwned;

    use super::decode_error;

    fn message<T: DeserializeOwned + Debug>(text: &str) -> String {
        let error = decode_error("value", &serde_json::from_str::<T>(text).unwrap_err());
        assert!(error.source().is_none(), "the source would quote the data");
        error.to_string()
    }

    #[test]
    fn category_and_place_are_kept_and_the_data_is_not() {
        type Users = BTreeMap<String, u64>;
        assert_eq!(
            message::<Users>(r#"{"user":"hunter2, expected a"}"#),
            "value is not JSON of the wanted type: mismatch at line 1, column 29"
        );
        assert_eq!(message::<Users>("{"), "value is not JSON: unexpected end at line 1, column 1");
        assert_eq!(message::<Users>("hunter2"), "value is not JSON: syntax error at line 1, column 1");
        assert!(!message::<BTreeMap<u8, u8>>(r#"{"hunter2":1}"#).contains("hunter2"));
    }
}
