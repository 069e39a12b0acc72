//! Which endpoint a path names.

/// What stands before the account's id.
const ACCOUNTS: &str = "/client/v4/accounts/";
/// What stands between the account's id and the namespaces.
const NAMESPACES: &str = "/storage/kv/namespaces";

/// A path of the API: an account and one of its endpoints. Every segment is as it was sent, escapes and all.
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
    Value(&'a str, &'a str),
    Metadata(&'a str, &'a str),
    Bulk(&'a str),
    BulkDelete(&'a str),
    BulkGet(&'a str),
}

impl<'a> Path<'a> {
    /// `None` if there is no such endpoint.
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        let (account_id, rest) = split_at_slash(path.strip_prefix(ACCOUNTS)?);
        let rest = rest.strip_prefix(NAMESPACES)?;
        let Some(rest) = rest.strip_prefix('/') else {
            return rest.is_empty().then_some(Self { account_id, endpoint: Endpoint::Namespaces });
        };
        let (namespace, rest) = split_at_slash(rest);
        let endpoint = match rest {
            "" => Endpoint::Namespace(namespace),
            "/keys" => Endpoint::Keys(namespace),
            "/bulk" => Endpoint::Bulk(namespace),
            "/bulk/delete" => Endpoint::BulkDelete(namespace),
            "/bulk/get" => Endpoint::BulkGet(namespace),
            _ => match rest.strip_prefix("/values/") {
                Some(key) if !key.contains('/') => Endpoint::Value(namespace, key),
                Some(_) => return None,
                None => {
                    let key = rest.strip_prefix("/metadata/").filter(|key| !key.contains('/'))?;
                    Endpoint::Metadata(namespace, key)
                }
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
    pub(super) fn methods(self) -> &'static str {
        match self {
            Self::Namespaces => "GET, POST",
            // The path of no namespace, with its slash.
            Self::Namespace("") => "",
            Self::Namespace(_) | Self::Value(..) => "GET, PUT, DELETE",
            Self::Keys(_) | Self::Metadata(..) => "GET",
            Self::Bulk(_) => "PUT, DELETE",
            Self::BulkDelete(_) | Self::BulkGet(_) => "POST",
        }
    }

    /// The key, as it was sent.
    pub(super) const fn raw_key(self) -> Option<&'a str> {
        match self {
            Self::Value(_, key) | Self::Metadata(_, key) => Some(key),
            _ => None,
        }
    }
}

/// The text before the first `/`, and the rest with it.
fn split_at_slash(text: &str) -> (&str, &str) {
    text.split_at(text.find('/').unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Path};

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
            ("/", Some(Endpoint::Namespace(""))),
            ("/n", Some(Endpoint::Namespace("n"))),
            ("/n/keys", Some(Endpoint::Keys("n"))),
            ("/n/values/a%2Fb", Some(Endpoint::Value("n", "a%2Fb"))),
            ("/n/values/", Some(Endpoint::Value("n", ""))),
            ("/n/metadata/+", Some(Endpoint::Metadata("n", "+"))),
            ("/n/bulk", Some(Endpoint::Bulk("n"))),
            ("/n/bulk/delete", Some(Endpoint::BulkDelete("n"))),
            ("/n/bulk/get", Some(Endpoint::BulkGet("n"))),
            ("x", None),
            ("/n/", None),
            ("/n/keys/", None),
            ("/n/values", None),
            ("/n/values/a/b", None),
            ("/n/metadata/a/b", None),
            ("/n/bulk/", None),
            ("/n/bulk/put", None),
            ("/n//keys", None),
        ];
        for (rest, endpoint) in table {
            assert_eq!(parse(rest), endpoint.map(|endpoint| format!("{endpoint:?}")), "{rest}");
        }
        for path in ["", "/", "*", "/client/v4", "/client/v4/accounts/", "/client/v4/accounts/a/storage/kv"] {
            assert_eq!(Path::parse(path), None, "{path}");
        }
    }
}
