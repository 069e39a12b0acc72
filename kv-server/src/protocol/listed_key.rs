//! A key of a listing, as both protocols write it.

use kv_core::{KeyInfo, ListPage, Metadata, Timestamp, limits};
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

/// The most bytes that a page of so many keys takes, together with its JSON: names of which every byte is escaped, and
/// metadata.
pub(crate) const fn most_bytes(keys: usize) -> usize {
    keys * (7 * limits::MAX_KEY_BYTES + 2 * limits::MAX_METADATA_BYTES + 512)
}

/// About how many bytes the keys of a page take. A name may take six times its length when it is escaped, but hardly does.
pub(crate) fn json_bytes(page: &ListPage) -> usize {
    let metadata = |metadata: &Metadata| metadata.as_str().len();
    page.keys.iter().map(|key| 64 + key.name.len() + key.metadata.as_ref().map_or(0, metadata)).sum()
}
