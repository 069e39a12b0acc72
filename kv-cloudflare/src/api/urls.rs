//! URLs of the API.

use kv_core::{Key, NamespaceId};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use reqwest::Url;

/// Characters that are percent-encoded: all but RFC 3986's unreserved ones, so that no URL parser finds
/// anything to normalise. A slash, a plus, a percent sign and a dot segment within a key are bytes of one
/// path segment.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes text for a path segment or a query value. No other function does.
fn encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// URLs of an account.
#[derive(Debug, Clone)]
pub(crate) struct AccountUrls(BasePath);

/// URLs of a namespace.
#[derive(Debug, Clone)]
pub(crate) struct NamespaceUrls(BasePath);

/// Server, and the path that its URLs begin with.
#[derive(Debug, Clone)]
struct BasePath {
    /// URL of the server, its path padded by 64 bytes so that a clone has capacity for a typical path. The
    /// host is parsed once.
    url: Url,
    path: String,
}

impl BasePath {
    /// `url` may have any path of the server.
    fn new(mut url: Url, path: String) -> Self {
        url.set_path(&format!("{path}{:64}", ""));
        Self { url, path }
    }

    /// Returns the URL of `path` and the encoded `name` below the base path. `query` may be empty.
    fn below(&self, path: &str, name: &str, query: &str) -> Url {
        // An encoded byte takes three, so that this capacity is enough.
        let mut whole = String::with_capacity(self.path.len() + path.len() + name.len() * 3);
        whole.extend([self.path.as_str(), path].into_iter().chain(encode(name)));
        let mut url = self.url.clone();
        url.set_path(&whole);
        if !query.is_empty() {
            url.set_query(Some(query));
        }
        url
    }
}

impl AccountUrls {
    /// `base` ends in `/client/v4`; `account_id` is hexadecimal.
    pub(crate) fn new(base: Url, account_id: &str) -> Self {
        let path =
            format!("{}/accounts/{account_id}/storage/kv/namespaces", base.path().trim_end_matches('/'));
        Self(BasePath::new(base, path))
    }

    pub(crate) fn namespaces(&self) -> Url {
        self.0.below("", "", "")
    }

    pub(crate) fn namespaces_page(&self, page: u32, per_page: u32) -> Url {
        self.0.below("", "", &format!("page={page}&per_page={per_page}&order=id&direction=asc"))
    }

    /// Returns `None` for `.` and `..`, which no URL can carry and no namespace has as its id.
    pub(crate) fn namespace(&self, id: &NamespaceId) -> Option<NamespaceUrls> {
        match id.as_str() {
            "." | ".." => None,
            id => {
                let path = format!("{}/{}", self.0.path, encode(id));
                Some(NamespaceUrls(BasePath::new(self.0.url.clone(), path)))
            }
        }
    }
}

impl NamespaceUrls {
    pub(crate) fn url(&self) -> Url {
        self.0.below("", "", "")
    }

    /// `query` may be empty.
    pub(crate) fn value(&self, key: &Key<'_>, query: &str) -> Url {
        self.0.below("/values/", key.as_str(), query)
    }

    pub(crate) fn metadata(&self, key: &Key<'_>) -> Url {
        self.0.below("/metadata/", key.as_str(), "")
    }

    pub(crate) fn keys(&self, prefix: &str, limit: usize, cursor: &str) -> Url {
        let mut query = format!("limit={limit}");
        for (name, value) in [("prefix", prefix), ("cursor", cursor)] {
            if !value.is_empty() {
                query.extend(["&", name, "="].into_iter().chain(encode(value)));
            }
        }
        self.0.below("/keys", "", &query)
    }

    pub(crate) fn bulk_write(&self) -> Url {
        self.0.below("/bulk", "", "")
    }

    pub(crate) fn bulk_delete(&self) -> Url {
        self.0.below("/bulk/delete", "", "")
    }

    pub(crate) fn bulk_get(&self) -> Url {
        self.0.below("/bulk/get", "", "")
    }
}

#[cfg(test)]
mod tests {
    use kv_core::{Key, NamespaceId};
    use kv_testkit::{proptest::prelude::*, strategies};
    use percent_encoding::percent_decode_str;

    use super::AccountUrls;

    const BASE: &str = "http://127.0.0.1:1/client/v4";

    fn namespace() -> super::NamespaceUrls {
        AccountUrls::new(BASE.parse().unwrap(), "a").namespace(&NamespaceId::new("n").unwrap()).unwrap()
    }

    #[test]
    fn keys_are_one_encoded_segment() {
        let table = [
            ("a", "a"),
            ("a/../b", "a%2F..%2Fb"),
            ("..a", "..a"),
            ("...", "..."),
            ("%2e%2E", "%252e%252E"),
            ("a+b c", "a%2Bb%20c"),
            ("?x#y&z=", "%3Fx%23y%26z%3D"),
            ("\0\n\t", "%00%0A%09"),
            ("\\", "%5C"),
            ("é😀", "%C3%A9%F0%9F%98%80"),
        ];
        for (key, encoded) in table {
            let url = namespace().value(&Key::new(key).unwrap(), "");
            let expected = format!("{BASE}/accounts/a/storage/kv/namespaces/n/values/{encoded}");
            assert_eq!(url.as_str(), expected, "{key:?}");
        }
    }

    #[test]
    fn dot_ids_have_no_urls() {
        let account = AccountUrls::new(BASE.parse().unwrap(), "a");
        for (id, fits) in [(".", false), ("..", false), ("%2e", true), ("../x", true)] {
            let urls = account.namespace(&NamespaceId::new(id).unwrap());
            assert_eq!(urls.is_some(), fits, "{id:?}");
            if let Some(url) = urls.map(|urls| urls.url()) {
                assert_eq!(url.path_segments().unwrap().count(), 8, "{id:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_key_and_prefix_can_be_decoded(key in strategies::keys()) {
            let key = Key::new(key).unwrap();
            let url = namespace().value(&key, "");
            let segments: Vec<_> = url.path_segments().unwrap().collect();
            prop_assert_eq!(segments.len(), 10);
            prop_assert_eq!(percent_decode_str(segments[9]).decode_utf8().unwrap(), key.as_str());
            prop_assert!(url.query().is_none() && url.fragment().is_none());

            let url = namespace().keys(key.as_str(), 10, key.as_str());
            let pairs = url.query_pairs();
            let pairs: Vec<_> = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            let text = key.as_str().to_owned();
            prop_assert_eq!(pairs, [
                ("limit".to_owned(), "10".to_owned()),
                ("prefix".to_owned(), text.clone()),
                ("cursor".to_owned(), text),
            ]);
        }
    }
}
