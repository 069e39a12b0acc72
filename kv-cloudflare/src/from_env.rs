//! Settings from the environment, under the names that Cloudflare's own tools read.

use std::env;

use crate::settings::Settings;

const TOKEN: &str = "CLOUDFLARE_API_TOKEN";
const ACCOUNT_ID: &str = "CLOUDFLARE_ACCOUNT_ID";
const BASE_URL: &str = "CLOUDFLARE_API_BASE_URL";

/// What the environment sets. A variable that is empty, or not text, sets nothing: what is then missing shows when the client is
/// built.
pub(crate) fn settings() -> Settings {
    read(|name| env::var(name).ok())
}

fn read(variable: impl Fn(&str) -> Option<String>) -> Settings {
    let set = |name| variable(name).filter(|text| !text.is_empty());
    let mut settings = Settings { account_id: set(ACCOUNT_ID), ..Settings::default() };
    settings.api_token = set(TOKEN).map(Into::into);
    if let Some(base_url) = set(BASE_URL) {
        settings.base_url = base_url;
    }
    settings
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::read;

    #[test]
    fn the_names_are_those_of_cloudflares_tools() {
        let settings = read(|name| match name {
            "CLOUDFLARE_API_TOKEN" => Some("t".to_owned()),
            "CLOUDFLARE_ACCOUNT_ID" => Some("a".to_owned()),
            "CLOUDFLARE_API_BASE_URL" => Some("http://127.0.0.1:1/client/v4".to_owned()),
            _ => None,
        });
        assert_eq!(settings.api_token.unwrap().expose_secret(), "t");
        assert_eq!(settings.account_id.as_deref(), Some("a"));
        assert_eq!(settings.base_url, "http://127.0.0.1:1/client/v4");
    }

    #[test]
    fn what_is_empty_sets_nothing() {
        for value in [None, Some(String::new())] {
            let settings = read(|_| value.clone());
            assert!(settings.api_token.is_none() && settings.account_id.is_none());
            assert_eq!(settings.base_url, "https://api.cloudflare.com/client/v4");
        }
    }
}
