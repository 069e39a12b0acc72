//! Endpoint that a path names.

use std::borrow::Cow;

use crate::{protocol::percent, state::account_id};

/// What stands before the account's id.
const ACCOUNTS: &str = "/client/v4/accounts/";
/// What stands between the account's id and the namespaces.
const NAMESPACES: &str = "/storage/kv/namespaces";

/// A path of the API: an account and one of its endpoints. Every part is as it was sent, escapes and all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Path<'a> {
    pub(super) account_id: &'a str,
    pub(super) endpoint: Endpoint<'a>,
}

/// An endpoint of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint<'a> {
    Namespaces,
    Namespace(&'a str),
    Keys(&'a str),
    /// With all of the path that is left: a key may hold slashes.
    Value(&'a str, &'a str),
    /// The same.
    Metadata(&'a str, &'a str),
    Bulk(&'a str),
    BulkDelete(&'a str),
    BulkGet(&'a str),
}

impl<'a> Path<'a> {
    /// `None` if there is no such endpoint. Runs of slashes have to be [merged](merge_slashes).
    ///
    /// One slash at the end of a path makes no difference, but for a namespace's: a client whose URL library resolves the
    /// keys `.` and `..` sends `{id}/values/` and `{id}/` for them, and a namespace must be neither renamed nor deleted then.
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
    /// A name for logs and metrics.
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

    /// The methods that it takes, as the header `Allow` lists them.
    pub(super) const fn methods(self) -> &'static str {
        match self {
            Self::Namespaces => "GET, HEAD, POST",
            Self::Namespace(_) | Self::Value(..) => "GET, HEAD, PUT, DELETE",
            Self::Keys(_) | Self::Metadata(..) => "GET, HEAD",
            Self::Bulk(_) => "PUT, DELETE",
            Self::BulkDelete(_) | Self::BulkGet(_) => "POST",
        }
    }

    /// `false` if the id of its namespace has another form than the service's ids have.
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

    /// The key, as it was sent.
    pub(super) const fn raw_key(self) -> Option<&'a str> {
        match self {
            Self::Value(_, key) | Self::Metadata(_, key) => Some(key),
            _ => None,
        }
    }
}

/// The path with one slash for every run of raw ones, as the service reads it: a base URL may end in one, and of the key
/// `/twitter` the slash is dropped.
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

/// The text before the first `/`, and the rest with it.
fn split_at_slash(text: &str) -> (&str, &str) {
    text.split_at(text.find('/').unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Path, merge_slashes};

    #[test]
    fn a_run_of_slashes_is_one() {
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
    fn every_endpoint_has_its_path_and_no_other() {
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
            // A slash at the end, but not of a namespace.
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
