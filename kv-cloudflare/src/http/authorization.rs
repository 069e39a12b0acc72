//! Headers that authorize requests.

use reqwest::{
    RequestBuilder,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};

const AUTH_EMAIL: HeaderName = HeaderName::from_static("x-auth-email");
const AUTH_KEY: HeaderName = HeaderName::from_static("x-auth-key");

/// Authorization that every request carries: an API token, or a user's global API key with the e-mail
/// address.
#[derive(Debug)]
pub(crate) struct Authorization {
    /// Marked as sensitive, so that no `Debug` shows them.
    headers: Vec<(HeaderName, HeaderValue)>,
    secret: SecretString,
}

impl Authorization {
    /// Returns `None` if no header can hold the token.
    pub(crate) fn from_token(token: SecretString) -> Option<Self> {
        let value = header_value(&token, "Bearer ")?;
        Some(Self { headers: vec![(AUTHORIZATION, value)], secret: token })
    }

    /// Returns `None` if no header can hold the e-mail address or the key.
    pub(crate) fn from_global_key(email: &SecretString, key: SecretString) -> Option<Self> {
        let email = header_value(email, "")?;
        let value = header_value(&key, "")?;
        Some(Self { headers: vec![(AUTH_EMAIL, email), (AUTH_KEY, value)], secret: key })
    }

    /// Adds the headers to a request.
    pub(crate) fn attach(&self, request: RequestBuilder) -> RequestBuilder {
        self.headers
            .iter()
            .fold(request, |request, (name, value)| request.header(name.clone(), value.clone()))
    }

    /// Returns the token or the key, which no error may show.
    pub(crate) fn secret(&self) -> &str {
        self.secret.expose_secret()
    }
}

/// Returns the header value, unless the secret is empty or no header can hold it.
fn header_value(secret: &SecretString, scheme: &str) -> Option<HeaderValue> {
    let text = secret.expose_secret();
    // Space around it comes from copying, and would be lost on the way.
    let is_whole = !text.is_empty() && text.trim() == text;
    let mut value = HeaderValue::try_from(format!("{scheme}{text}")).ok().filter(|_| is_whole)?;
    value.set_sensitive(true);
    Some(value)
}
