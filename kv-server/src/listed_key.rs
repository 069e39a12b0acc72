//! A key of a listing, as both protocols write it.

use kv_core::{KeyInfo, ListPage, Metadata, Timestamp};
use serde::Serialize;

/// A key with its deadline and metadata, which each protocol writes in its own way.
#[derive(Serialize)]
pub(crate) struct ListedKey<'a, M> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<M>,
}

impl<'a, M> ListedKey<'a, M> {
    pub(crate) fn new(key: &'a KeyInfo, metadata: Option<M>) -> Self {
        Self { name: key.name.as_str(), expiration: key.expires_at, metadata }
    }
}

/// About how many bytes the keys of a page take. A name may take six times its length when it is escaped, but hardly does.
pub(crate) fn json_bytes(page: &ListPage) -> usize {
    let metadata = |metadata: &Metadata| metadata.as_str().len();
    page.keys.iter().map(|key| 64 + key.name.len() + key.metadata.as_ref().map_or(0, metadata)).sum()
}
