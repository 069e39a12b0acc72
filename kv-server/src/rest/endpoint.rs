//! Paths of the REST API, and their endpoints.

use std::borrow::Cow;

use crate::{protocol::percent, state::account_id};

/// Start of a path, before the account id.
const ACCOUNTS: &str = "/client/v4/accounts/";
/// Part of a path between the account id and the rest.
const NAMESPACES: &str = "/storage/kv/namespaces";

/// Path of the API: an account and an endpoint. Nothing is decoded yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Path<'a> {
    pub(super) account_id: &'a str,
    pub(super) endpoint: Endpoint<'a>,
}

/// Endpoint of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint<'a> {
    Namespaces,
    Namespace(&'a str),
    Keys(&'a str),
    /// Namespace id, and the rest of the path: a key may have slashes.
    Value(&'a str, &'a str),
    /// Namespace id, and the rest of the path.
    Metadata(&'a str, &'a str),
    Bulk(&'a str),
    BulkDelete(&'a str),
    BulkGet(&'a str),
}

impl<'a> Path<'a> {
    /// Parses a path in which runs of slashes are [merged](merge_slashes); `None` if there is no such
    /// endpoint.
    ///
    /// A trailing slash is ignored, except after a namespace id: clients whose URL libraries resolve the keys
    /// `.` and `..` send `{id}/values/` and `{id}/` for them, which must neither rename nor delete a
    /// namespace.
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        let (account_id, rest) = split_at_slash(path.strip_prefix(ACCOUNTS)?);
        let rest = rest.strip_prefix(NAMESPACES)?;
        if matches!(rest, "" | "/") {
            return Some(Self { account_id, endpoint: Endpoint::Namespaces });
        }
        let (namespace, rest) = split_at_slash(rest.strip_prefix('/')?);
        if namespace.is_empty() {
            return None;
        }
        let endpoint = match rest {
            "" => Endpoint::Namespace(namespace),
            "/keys" | "/keys/" => Endpoint::Keys(namespace),
            "/bulk" | "/bulk/" => Endpoint::Bulk(namespace),
            "/bulk/delete" | "/bulk/delete/" => Endpoint::BulkDelete(namespace),
            "/bulk/get" | "/bulk/get/" => Endpoint::BulkGet(namespace),
            _ => match rest.strip_prefix("/values/") {
                Some(key) => Endpoint::Value(namespace, key),
                None => Endpoint::Metadata(namespace, rest.strip_prefix("/metadata/")?),
            },
        };
        Some(Self { account_id, endpoint })
    }
}

impl<'a> Endpoint<'a> {
    /// Returns the name for logs and metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Namespaces => "namespaces",
            Self::Namespace(_) => "namespace",
            Self::Keys(_) => "keys",
            Self::Value(..) => "value",
            Self::Metadata(..) => "metadata",
            Self::Bulk(_) => "bulk",
            Self::BulkDelete(_) => "bulk_delete",
            Self::BulkGet(_) => "bulk_get",
        }
    }

    /// Returns the methods that the endpoint takes, for the header `Allow`.
    pub(super) const fn methods(self) -> &'static str {
        match self {
            Self::Namespaces => "GET, HEAD, POST",
            Self::Namespace(_) | Self::Value(..) => "GET, HEAD, PUT, DELETE",
            Self::Keys(_) | Self::Metadata(..) => "GET, HEAD",
            Self::Bulk(_) => "PUT, DELETE",
            Self::BulkDelete(_) | Self::BulkGet(_) => "POST",
        }
    }

    /// `false` if the endpoint's namespace id has another form than Cloudflare's.
    pub(super) fn has_well_formed_namespace(self) -> bool {
        let (Self::Namespace(id)
        | Self::Keys(id)
        | Self::Value(id, _)
        | Self::Metadata(id, _)
        | Self::Bulk(id)
        | Self::BulkDelete(id)
        | Self::BulkGet(id)) = self
        else {
            return true;
        };
        percent::decode(id).is_ok_and(|id| account_id::is_well_formed(&id))
    }

    /// Returns the key, as sent.
    pub(super) const fn raw_key(self) -> Option<&'a str> {
        match self {
            Self::Value(_, key) | Self::Metadata(_, key) => Some(key),
            _ => None,
        }
    }
}

/// Merges each run of raw slashes into one, as Cloudflare does: a base URL may end in a slash, and the key
/// `/twitter` loses its own.
pub(super) fn merge_slashes(path: &str) -> Cow<'_, str> {
    if !path.contains("//") {
        return Cow::Borrowed(path);
    }
    let mut merged = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !merged.ends_with('/') {
            merged.push(character);
        }
    }
    Cow::Owned(merged)
}

/// Splits before the first `/`.
fn split_at_slash(text: &str) -> (&str, &str) {
    text.split_at(text.find('/').unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Path, merge_slashes};

    #[test]
    fn a_run_of_slashes_is_merged() {
        let table = [
            ("/a/b", "/a/b"),
            ("//a///b//", "/a/b/"),
            ("/a%2F%2Fb/%2F/", "/a%2F%2Fb/%2F/"),
            ("//", "/"),
            ("", ""),
            ("//é//", "/é/"),
        ];
        for (path, merged) in table {
            assert_eq!(merge_slashes(path), merged, "{path}");
        }
    }

    #[test]
    fn every_endpoint_has_its_path() {
        let parse = |rest: &str| {
            let path = format!("/client/v4/accounts/a%41/storage/kv/namespaces{rest}");
            let path = Path::parse(&path)?;
            assert_eq!(path.account_id, "a%41");
            Some(format!("{:?}", path.endpoint))
        };
        let table = [
            ("", Some(Endpoint::Namespaces)),
            ("/", Some(Endpoint::Namespaces)),
            ("/n", Some(Endpoint::Namespace("n"))),
            ("/n/keys", Some(Endpoint::Keys("n"))),
            ("/n/values/a%2Fb", Some(Endpoint::Value("n", "a%2Fb"))),
            ("/n/values/", Some(Endpoint::Value("n", ""))),
            ("/n/metadata/+", Some(Endpoint::Metadata("n", "+"))),
            ("/n/bulk", Some(Endpoint::Bulk("n"))),
            ("/n/bulk/delete", Some(Endpoint::BulkDelete("n"))),
            ("/n/bulk/get", Some(Endpoint::BulkGet("n"))),
            // A trailing slash, except after a namespace id.
            ("/n/keys/", Some(Endpoint::Keys("n"))),
            ("/n/bulk/", Some(Endpoint::Bulk("n"))),
            ("/n/bulk/delete/", Some(Endpoint::BulkDelete("n"))),
            ("/n/bulk/get/", Some(Endpoint::BulkGet("n"))),
            ("/n/", None),
            // The rest of the path is the key, whatever it looks like.
            ("/n/values/a/b", Some(Endpoint::Value("n", "a/b"))),
            ("/n/values/a/b/", Some(Endpoint::Value("n", "a/b/"))),
            ("/n/values/keys", Some(Endpoint::Value("n", "keys"))),
            ("/n/values/bulk/get", Some(Endpoint::Value("n", "bulk/get"))),
            ("/n/metadata/values/k", Some(Endpoint::Metadata("n", "values/k"))),
            ("x", None),
            ("/n/values", None),
            ("/n/metadata", None),
            ("/n/bulk/put", None),
            ("/values/k", None),
        ];
        for (rest, endpoint) in table {
            assert_eq!(parse(rest), endpoint.map(|endpoint| format!("{endpoint:?}")), "{rest}");
        }
        for path in ["", "/", "*", "/client/v4", "/client/v4/accounts/", "/client/v4/accounts/a/storage/kv"] {
            assert_eq!(Path::parse(path), None, "{path}");
        }
    }
}
