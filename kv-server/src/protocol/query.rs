//! Query parameters.

use std::borrow::Cow;

use axum::http::Uri;

use crate::protocol::percent::{self, DecodeError};

/// Form-encoded parameters of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    pub(crate) fn from_uri(uri: &'a Uri) -> Self {
        Self(uri.query().unwrap_or_default())
    }

    /// Returns the first parameter of that name, decoded. Case is ignored: a parameter that is overlooked
    /// would make a value that never expires, or a page of other keys.
    pub(crate) fn get(self, name: &str) -> Result<Option<Cow<'a, str>>, DecodeError> {
        let mut parameters = self.0.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let found = parameters.find(|(given, _)| is_named(given, name));
        found.map(|(_, value)| percent::decode_form(value)).transpose()
    }
}

/// `true` if a name as sent decodes to `name`, which has neither spaces nor escapes.
fn is_named(sent: &str, name: &str) -> bool {
    sent.eq_ignore_ascii_case(name)
        || (sent.contains('%')
            && percent::decode_form(sent).is_ok_and(|decoded| decoded.eq_ignore_ascii_case(name)))
}

/// Returns the start of a client's own text, at most 64 characters, for a message.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(64).collect()
}
