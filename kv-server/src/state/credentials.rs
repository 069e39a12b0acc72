//! Credentials of requests.

use std::fmt;

use axum::http::{HeaderMap, HeaderName, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

const EMAIL: HeaderName = HeaderName::from_static("x-auth-email");
const KEY: HeaderName = HeaderName::from_static("x-auth-key");

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
        only(headers, &AUTHORIZATION).and_then(bearer).is_some_and(|given| ct_eq(token, given))
    }

    /// Checks that the headers bring the token, as a bearer token or as the key of an e-mail address, whichever address;
    /// always, if none is configured. If both are there, the bearer token counts.
    ///
    /// # Errors
    ///
    /// The fault, as Workers KV tells it. A malformed token or key is one that could be nobody's: it is empty, or has
    /// characters that no token has.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), CredentialsError> {
        let Self(Some(token)) = self else { return Ok(()) };
        if headers.contains_key(AUTHORIZATION) {
            return match only(headers, &AUTHORIZATION).and_then(bearer) {
                Some(given) if ct_eq(token, given) => Ok(()),
                Some(given) if is_token(given) => Err(CredentialsError::Wrong),
                _ => Err(CredentialsError::MalformedAuthorization),
            };
        }
        if !headers.contains_key(EMAIL) || !headers.contains_key(KEY) {
            return Err(CredentialsError::Missing);
        }
        let key = only(headers, &KEY);
        if key.is_some_and(|given| ct_eq(token, given)) {
            return Ok(());
        }
        let has_email = only(headers, &EMAIL).is_some_and(is_email_address);
        Err(match (has_email, key.is_some_and(is_token)) {
            (true, true) => CredentialsError::Wrong,
            (true, false) => CredentialsError::MalformedKey,
            (false, true) => CredentialsError::MalformedEmail,
            (false, false) => CredentialsError::MalformedEmailAndKey,
        })
    }
}

/// Fault in a request's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialsError {
    /// No credentials at all, or one header of the pair.
    Missing,
    /// They are well formed, and not the server's.
    Wrong,
    MalformedAuthorization,
    MalformedEmail,
    MalformedKey,
    MalformedEmailAndKey,
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.as_bytes())
}

/// The token in `Bearer TOKEN`; RFC 9110, section 11.1, has the scheme in any case.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

/// Form of a token: one or more of the characters that RFC 6750, section 2.1, has.
fn is_token(given: &[u8]) -> bool {
    !given.is_empty() && given.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte))
}

/// Form of an e-mail address: something, an `@`, something, and no space.
fn is_email_address(given: &[u8]) -> bool {
    let mut parts = given.splitn(2, |byte| *byte == b'@');
    let is_part = |part: Option<&[u8]>| {
        part.is_some_and(|part| !part.is_empty() && part.iter().all(|byte| *byte > b' ' && *byte != 0x7f))
    };
    is_part(parts.next()) && is_part(parts.next())
}

/// In a time that tells the length of the token at most.
fn ct_eq(token: &SecretString, given: &[u8]) -> bool {
    token.expose_secret().as_bytes().ct_eq(given).into()
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.are_open() { "Credentials(none asked for)" } else { "Credentials(a token)" })
    }
}
