//! Credentials as a builder or the environment gives them.

use kv_core::Result;
use secrecy::SecretString;

use crate::{http::authorization::Authorization, settings::invalid_setting};

/// API token, or a user's global API key with the e-mail address. The address is a secret too, so that no
/// `Debug` shows it.
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

impl Credentials {
    /// Returns the headers that carry them, if nothing is missing and a header can hold them.
    pub(crate) fn into_authorization(self) -> Result<Authorization> {
        match self {
            Self::Missing => Err(invalid_setting(
                "no API token is set: call `api_token`, or set CLOUDFLARE_API_TOKEN and use `from_env`",
            )),
            Self::Token(token) => Authorization::from_token(token).ok_or_else(|| {
                invalid_setting(
                    "`api_token` is malformed: give one line of visible characters, without spaces around \
                     it",
                )
            }),
            Self::GlobalKey { email: None, .. } => Err(invalid_setting(
                "the global API key has no e-mail address: call `global_api_key`, or set CLOUDFLARE_EMAIL",
            )),
            Self::GlobalKey { key: None, .. } => Err(invalid_setting(
                "the e-mail address has no global API key: call `global_api_key`, or set CLOUDFLARE_API_KEY",
            )),
            Self::GlobalKey { email: Some(email), key: Some(key) } => {
                Authorization::from_global_key(&email, key).ok_or_else(|| {
                    invalid_setting(
                        "`global_api_key` is malformed: give an e-mail address and a key of one line of \
                         visible characters each, without spaces around them",
                    )
                })
            }
        }
    }
}
