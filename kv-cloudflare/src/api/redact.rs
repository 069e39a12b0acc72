//! Redaction of response text before an error quotes it.

use kv_core::{Key, Prefix};
use percent_encoding::percent_decode_str;

/// Longest quotation.
const MAX_QUOTED_BYTES: usize = 512;

/// Length of the text that is searched for secrets. It is far longer than a quotation, so that a secret that
/// begins in one is found whole.
const MAX_SEARCHED_BYTES: usize = 64 * 1024;

/// Secrets that the errors of a request must not repeat, besides the token.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Redaction<'a> {
    None,
    Key(&'a Key<'a>),
    Prefix(&'a Prefix),
    /// Values, or many keys. A response may repeat any part of them, so none of its text is shown.
    Body(Option<&'a Key<'a>>),
}

impl<'a> Redaction<'a> {
    pub(crate) const fn key(&self) -> Option<&'a Key<'a>> {
        match self {
            Self::Key(key) | Self::Body(Some(key)) => Some(key),
            Self::None | Self::Prefix(_) | Self::Body(None) => None,
        }
    }

    /// Returns the start of `text` for an error to show, or `None` if it may hold a secret. `token` is secret
    /// for every request.
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

/// Returns the start of `text`, of at most `max_bytes`.
fn cut(text: &str, max_bytes: usize) -> &str {
    let end = (0..=max_bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use kv_core::{Key, Prefix};

    use super::Redaction;

    #[test]
    fn quotations_are_short_and_hold_no_secret() {
        let key = Key::from_static("user/é");
        let prefix = Prefix::from_static("session:");
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
