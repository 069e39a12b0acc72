//! Credentials that requests are sent with: an API token, or a user's global API key with the e-mail address.

use kv_core::Result;
use reqwest::{
    RequestBuilder,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};

use crate::settings::refuse;

const AUTH_EMAIL: HeaderName = HeaderName::from_static("x-auth-email");
const AUTH_KEY: HeaderName = HeaderName::from_static("x-auth-key");

/// Credentials as a builder was given them. The address is a secret too, so that no `Debug` shows it.
#[derive(Debug, Clone, Default)]
pub(crate) enum Credentials {
    #[default]
    Missing,
    Token(SecretString),
    /// From the environment, one of the two may be missing.
    GlobalKey {
        email: Option<SecretString>,
        key: Option<SecretString>,
    },
}

/// Credentials that can be sent.
#[derive(Debug)]
pub(crate) struct Authorization {
    /// Marked as sensitive, so they are in no `Debug`.
    headers: Vec<(HeaderName, HeaderValue)>,
    secret: SecretString,
}

impl Credentials {
    /// The headers that they are sent in, if they are whole and a header can hold them.
    pub(crate) fn into_authorization(self) -> Result<Authorization> {
        match self {
            Self::Missing => Err(refuse(
                "no API token is set: call `api_token`, or set CLOUDFLARE_API_TOKEN and begin with `from_env`",
            )),
            Self::Token(token) => {
                let value = header(&token, "Bearer ");
                let value = value.ok_or_else(|| {
                    refuse("an API token is one line of visible characters, and what is set is empty, or has others or space around it")
                })?;
                Ok(Authorization { headers: vec![(AUTHORIZATION, value)], secret: token })
            }
            Self::GlobalKey { email: None, .. } => Err(refuse(
                "a global API key is set, but not its e-mail address: call `global_api_key`, or set CLOUDFLARE_EMAIL too",
            )),
            Self::GlobalKey { key: None, .. } => Err(refuse(
                "an e-mail address is set, but no global API key: call `global_api_key`, or set CLOUDFLARE_API_KEY or \
                 CLOUDFLARE_API_TOKEN",
            )),
            Self::GlobalKey { email: Some(email), key: Some(key) } => {
                let (Some(email), Some(value)) = (header(&email, ""), header(&key, "")) else {
                    return Err(refuse(
                        "a global API key and its e-mail address are one line of visible characters each, and what is set \
                         is empty, or has others or space around it",
                    ));
                };
                Ok(Authorization { headers: vec![(AUTH_EMAIL, email), (AUTH_KEY, value)], secret: key })
            }
        }
    }
}

impl Authorization {
    pub(crate) fn attach(&self, request: RequestBuilder) -> RequestBuilder {
        self.headers
            .iter()
            .fold(request, |request, (name, value)| request.header(name.clone(), value.clone()))
    }

    /// The token or the key, which no error may show.
    pub(crate) fn secret(&self) -> &str {
        self.secret.expose_secret()
    }
}

/// A header's value, unless the secret is empty or no header can hold it.
fn header(secret: &SecretString, before: &str) -> Option<HeaderValue> {
    let text = secret.expose_secret();
    // Space around it comes from copying, and is lost on the way.
    let is_whole = !text.is_empty() && text.trim() == text;
    let mut value = HeaderValue::try_from(format!("{before}{text}")).ok().filter(|_| is_whole)?;
    value.set_sensitive(true);
    Some(value)
}
