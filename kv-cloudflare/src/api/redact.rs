//! What of an answer's text an error may show.

use kv_core::{Key, Prefix};
use percent_encoding::percent_decode_str;

/// The longest quotation, in bytes.
const MAX_QUOTED_BYTES: usize = 512;

/// As much of a text is looked at. It is far more than is shown, so that a secret that begins in a quotation is found whole.
const MAX_SEARCHED_BYTES: usize = 64 * 1024;

/// What the errors of a request must not repeat, beside the token.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Redaction<'a> {
    None,
    Key(&'a Key<'a>),
    Prefix(&'a Prefix),
    /// Values, or keys in great number: an answer may repeat any part of them.
    Body(Option<&'a Key<'a>>),
}

impl<'a> Redaction<'a> {
    pub(crate) const fn key(&self) -> Option<&'a Key<'a>> {
        match self {
            Self::Key(key) | Self::Body(Some(key)) => Some(key),
            Self::None | Self::Prefix(_) | Self::Body(None) => None,
        }
    }

    /// The start of `text` as an error may show it, or nothing if it may not. `token` is secret for every request.
    pub(crate) fn redact(&self, text: &str, token: &str) -> Option<String> {
        let secret = match self {
            Self::None => "",
            Self::Key(key) => key.as_str(),
            Self::Prefix(prefix) => prefix.as_str(),
            Self::Body(_) => return None,
        };
        let start = cut(text, MAX_SEARCHED_BYTES);
        let decoded = percent_decode_str(start).decode_utf8_lossy();
        let holds = |secret: &str| !secret.is_empty() && (start.contains(secret) || decoded.contains(secret));
        if holds(secret) || holds(token) {
            return None;
        }
        let line: String = start.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = cut(line.trim(), MAX_QUOTED_BYTES);
        (!line.is_empty()).then(|| line.to_owned())
    }
}

/// The start of `text`, `most` bytes of it at most.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use kv_core::{Key, Prefix};

    use super::Redaction;

    #[test]
    fn quotations_are_short_and_hold_no_secret() {
        let (key, prefix) = (Key::from_static("user/é"), Prefix::from_static("session:"));
        let long = "é".repeat(10_000);
        let cases = [
            (Redaction::None, "plain\ntext \0", Some("plain text")),
            (Redaction::None, "Bearer TOKEN was sent", None),
            (Redaction::None, "", None),
            (Redaction::None, &long, Some(&long[..512])),
            (Redaction::Key(&key), "get: 'key not found'", Some("get: 'key not found'")),
            (Redaction::Key(&key), "no route for /values/user%2F%c3%A9", None),
            (Redaction::Key(&key), "no key user/é", None),
            (Redaction::Prefix(&prefix), "prefix=session%3a", None),
            (Redaction::Body(Some(&key)), "anything", None),
        ];
        for (redaction, text, expected) in cases {
            assert_eq!(redaction.redact(text, "TOKEN").as_deref(), expected, "{redaction:?}");
        }
    }

    #[test]
    fn a_secret_that_begins_in_a_quotation_is_found_whole() {
        let token = "t".repeat(4_000);
        for before in [0, 500, 511] {
            let text = "x".repeat(before) + &token;
            assert_eq!(Redaction::None.redact(&text, &token), None);
        }
    }
}
