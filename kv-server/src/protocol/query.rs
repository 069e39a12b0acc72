//! Parameters behind the `?`.

use std::borrow::Cow;

use axum::http::Uri;

use crate::protocol::percent::{self, DecodeError};

/// The parameters of a request, form-encoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    pub(crate) fn from_uri(uri: &'a Uri) -> Self {
        Self(uri.query().unwrap_or_default())
    }

    /// The first parameter of that name, in any case: one that is overlooked would be a value that never expires, or a
    /// page of other keys.
    pub(crate) fn get(self, name: &str) -> Result<Option<Cow<'a, str>>, DecodeError> {
        let mut parameters = self.0.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let found = parameters.find(|(given, _)| is_named(given, name));
        found.map(|(_, value)| percent::decode_form(value)).transpose()
    }
}

/// Whether a name, as it was sent, stands for `name`, which has neither spaces nor escapes.
fn is_named(sent: &str, name: &str) -> bool {
    sent.eq_ignore_ascii_case(name)
        || (sent.contains('%')
            && percent::decode_form(sent).is_ok_and(|decoded| decoded.eq_ignore_ascii_case(name)))
}
