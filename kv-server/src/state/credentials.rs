//! Credentials: the server's token, and the check of those in requests.

use std::fmt;

use axum::http::{HeaderMap, HeaderName, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

const EMAIL: HeaderName = HeaderName::from_static("x-auth-email");
const KEY: HeaderName = HeaderName::from_static("x-auth-key");

/// Token that requests have to bring; `None` on a server that accepts any credentials.
pub(crate) struct Credentials(Option<SecretString>);

impl Credentials {
    pub(crate) const fn new(token: Option<SecretString>) -> Self {
        Self(token)
    }

    /// `true` if no token is set.
    pub(crate) const fn are_open(&self) -> bool {
        self.0.is_none()
    }

    /// `true` if the `Authorization: Bearer` header brings the token, or if none is set.
    pub(crate) fn allow_bearer(&self, headers: &HeaderMap) -> bool {
        let Self(Some(token)) = self else { return true };
        only(headers, &AUTHORIZATION).and_then(bearer).is_some_and(|given| ct_eq(token, given))
    }

    /// Checks that the headers bring the token, as a bearer token, or as `X-Auth-Key` with any e-mail
    /// address. If both are there, the bearer token counts. Passes always if no token is set.
    ///
    /// # Errors
    ///
    /// The fault, as Cloudflare's API reports it. A token or key is malformed if it is empty or has
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

/// Error of a request's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialsError {
    /// No credentials, or one of the two headers of the older form.
    Missing,
    /// Well formed, but not the server's.
    Wrong,
    MalformedAuthorization,
    MalformedEmail,
    MalformedKey,
    MalformedEmailAndKey,
}

/// Returns the value of a header that occurs exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.as_bytes())
}

/// Returns the token of `Bearer TOKEN`. The scheme is case-insensitive (RFC 9110, section 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

/// `true` for the form of a token: one or more of the characters of RFC 6750, section 2.1.
fn is_token(given: &[u8]) -> bool {
    !given.is_empty() && given.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte))
}

/// `true` for text, an `@` and text, without spaces and control characters.
fn is_email_address(given: &[u8]) -> bool {
    let mut parts = given.splitn(2, |byte| *byte == b'@');
    let is_part = |part: Option<&[u8]>| {
        part.is_some_and(|part| !part.is_empty() && part.iter().all(|byte| *byte > b' ' && *byte != 0x7f))
    };
    is_part(parts.next()) && is_part(parts.next())
}

/// Compares in constant time: the duration reveals at most the token's length.
fn ct_eq(token: &SecretString, given: &[u8]) -> bool {
    token.expose_secret().as_bytes().ct_eq(given).into()
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.are_open() { "Credentials(none)" } else { "Credentials(token)" })
    }
}
