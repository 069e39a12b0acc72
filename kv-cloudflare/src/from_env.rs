//! Settings from the environment, under the names that Cloudflare's own tools read.

use std::env;

use crate::{credentials::Credentials, settings::Settings};

const TOKEN: &str = "CLOUDFLARE_API_TOKEN";
const EMAIL: &str = "CLOUDFLARE_EMAIL";
const API_KEY: &str = "CLOUDFLARE_API_KEY";
const ACCOUNT_ID: &str = "CLOUDFLARE_ACCOUNT_ID";

/// Wrangler's name of the base URL, and that of the official SDKs. The first one that is set counts.
const BASE_URL: [&str; 2] = ["CLOUDFLARE_API_BASE_URL", "CLOUDFLARE_BASE_URL"];

/// Reads the settings. A variable that is empty or not UTF-8 is ignored; a setting that is then missing fails
/// the build.
pub(crate) fn settings() -> Settings {
    read(|name| env::var(name).ok())
}

fn read(variable: impl Fn(&str) -> Option<String>) -> Settings {
    let set = |name| variable(name).filter(|text| !text.is_empty());
    let credentials = match (set(TOKEN), set(EMAIL), set(API_KEY)) {
        (Some(token), _, _) => Credentials::Token(token.into()),
        (None, None, None) => Credentials::Missing,
        (None, email, key) => {
            Credentials::GlobalKey { email: email.map(Into::into), key: key.map(Into::into) }
        }
    };
    let mut settings = Settings { account_id: set(ACCOUNT_ID), credentials, ..Settings::default() };
    if let Some(base_url) = BASE_URL.into_iter().find_map(set) {
        settings.base_url = base_url;
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::read;

    const DEFAULT_URL: &str = "https://api.cloudflare.com/client/v4";

    /// Reads the settings where each of these variables is set to the text beside it.
    fn with(variables: &[(&str, &str)]) -> super::Settings {
        read(|name| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_names_are_those_of_cloudflares_tools() {
        let settings = with(&[("CLOUDFLARE_API_TOKEN", "t"), ("CLOUDFLARE_ACCOUNT_ID", "a")]);
        assert_eq!(settings.credentials.into_authorization().unwrap().secret(), "t");
        assert_eq!(settings.account_id.as_deref(), Some("a"));
        assert_eq!(settings.base_url, DEFAULT_URL);
    }

    #[test]
    fn wranglers_base_url_comes_before_that_of_the_sdks() {
        let wrangler = ("CLOUDFLARE_API_BASE_URL", "http://1");
        let sdk = ("CLOUDFLARE_BASE_URL", "http://2");
        for (variables, expected) in [
            (vec![wrangler], "http://1"),
            (vec![sdk], "http://2"),
            (vec![sdk, wrangler], "http://1"),
            (vec![sdk, ("CLOUDFLARE_API_BASE_URL", "")], "http://2"),
            (vec![("CLOUDFLARE_BASE_URL", "")], DEFAULT_URL),
        ] {
            assert_eq!(with(&variables).base_url, expected, "{variables:?}");
        }
    }

    /// A token comes before a key, as with Cloudflare's tools; half of a key fails the build.
    #[test]
    fn a_global_key_needs_its_address() {
        const NO_TOKEN: &str =
            "no API token is set: call `api_token`, or set CLOUDFLARE_API_TOKEN and use `from_env`";
        const NO_EMAIL: &str =
            "the global API key has no e-mail address: call `global_api_key`, or set CLOUDFLARE_EMAIL";
        const NO_KEY: &str =
            "the e-mail address has no global API key: call `global_api_key`, or set CLOUDFLARE_API_KEY";
        let token = ("CLOUDFLARE_API_TOKEN", "t");
        let email = ("CLOUDFLARE_EMAIL", "a@b.example");
        let key = ("CLOUDFLARE_API_KEY", "k");
        for (variables, expected) in [
            (vec![email, key], Ok("k")),
            (vec![email, key, token], Ok("t")),
            (vec![key, token], Ok("t")),
            (vec![key], Err(NO_EMAIL)),
            (vec![email], Err(NO_KEY)),
            (vec![email, ("CLOUDFLARE_API_KEY", "")], Err(NO_KEY)),
            (vec![], Err(NO_TOKEN)),
        ] {
            let read = with(&variables).credentials.into_authorization();
            match (read, expected) {
                (Ok(authorization), Ok(secret)) => {
                    assert_eq!(authorization.secret(), secret, "{variables:?}");
                }
                (Err(error), Err(message)) => assert_eq!(error.to_string(), message),
                (read, _) => panic!("{variables:?}: {read:?}"),
            }
        }
    }

    #[test]
    fn empty_variables_are_ignored() {
        for value in [None, Some(String::new())] {
            let settings = read(|_| value.clone());
            assert!(settings.credentials.into_authorization().is_err() && settings.account_id.is_none());
            assert_eq!(settings.base_url, DEFAULT_URL);
        }
    }
}
