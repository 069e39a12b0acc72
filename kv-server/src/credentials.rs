//! Who may ask.

use std::fmt;

use axum::http::{HeaderMap, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// The token that a request has to bring, if any.
pub(crate) struct Credentials(Option<SecretString>);

impl Credentials {
    pub(crate) const fn new(token: Option<SecretString>) -> Self {
        Self(token)
    }

    /// Whether anybody may ask.
    pub(crate) const fn are_open(&self) -> bool {
        self.0.is_none()
    }

    /// Whether the `Authorization: Bearer` header brings the token; always, if none is configured.
    pub(crate) fn allow_bearer(&self, headers: &HeaderMap) -> bool {
        let Self(Some(token)) = self else { return true };
        headers
            .get(AUTHORIZATION)
            .and_then(|value| bearer(value.as_bytes()))
            .is_some_and(|given| same(token, given))
    }

    /// Whether the headers bring the token, as a bearer token or as the key of an e-mail address, whichever address.
    pub(crate) fn allow(&self, headers: &HeaderMap) -> bool {
        let Self(Some(token)) = self else { return true };
        if headers.contains_key(AUTHORIZATION) {
            return self.allow_bearer(headers);
        }
        let key = headers.get("x-auth-key").filter(|_| headers.contains_key("x-auth-email"));
        key.is_some_and(|given| same(token, given.as_bytes()))
    }
}

/// The token in `Bearer TOKEN`; RFC 9110, section 11.1, has the scheme in any case.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

/// In a time that tells the length of the token at most.
fn same(token: &SecretString, given: &[u8]) -> bool {
    token.expose_secret().as_bytes().ct_eq(given).into()
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.are_open() { "Credentials(none asked for)" } else { "Credentials(a token)" })
    }
}
