//! Percent-decoding of paths and queries.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Error of text that has a `%` without two hexadecimal digits, or that does not decode to UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DecodeError;

/// Decodes text of a path, once. A `+` is a plus.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, DecodeError> {
    // The decoder would keep a malformed escape as it is.
    let mut escapes = text.split('%').skip(1);
    if !escapes.all(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2) {
        return Err(DecodeError);
    }
    percent_decode_str(text).decode_utf8().map_err(|_| DecodeError)
}

/// Decodes a query parameter, once, as form data: a `+` is a space.
pub(crate) fn decode_form(text: &str) -> Result<Cow<'_, str>, DecodeError> {
    if !text.contains('+') {
        return decode(text);
    }
    let spaced = text.replace('+', " ");
    decode(&spaced).map(|decoded| Cow::Owned(decoded.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::{decode, decode_form};

    #[test]
    fn escapes_are_decoded_once_and_must_be_well_formed() {
        // Text, its meaning in a path, and its meaning in a query.
        let table = [
            ("", Some(""), Some("")),
            ("a+b", Some("a+b"), Some("a b")),
            ("%2B+%20", Some("++ "), Some("+  ")),
            ("%252f", Some("%2f"), Some("%2f")),
            ("%c3%A9", Some("\u{e9}"), Some("\u{e9}")),
            ("%00", Some("\0"), Some("\0")),
            ("%", None, None),
            ("%2", None, None),
            ("%+2", None, None),
            ("%%41", None, None),
            ("%zz", None, None),
            ("%ff", None, None),
            ("%c3+", None, None),
        ];
        for (given, in_path, in_query) in table {
            assert_eq!(decode(given).ok().as_deref(), in_path, "{given}");
            assert_eq!(decode_form(given).ok().as_deref(), in_query, "{given}");
        }
    }
}
