//! Pages of a listing, as both protocols write them.

use kv_core::{Error, KeyInfo, KvNamespace, ListOptions, ListPage, Metadata, Timestamp, limits};
use serde::Serialize;

use crate::http::{
    memory::{Memory, MemoryError, Reservation},
    offload,
};

/// Key of a page, with its expiration and its metadata, whose JSON differs between the protocols.
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

/// Reads a page, and writes it as JSON with `write`, in reserved memory.
pub(crate) async fn read_page<E>(
    memory: &Memory,
    namespace: &dyn KvNamespace,
    options: &ListOptions,
    write: fn(&ListPage) -> Result<Vec<u8>, E>,
) -> Result<(Vec<u8>, Reservation), E>
where
    E: From<Error> + From<MemoryError> + Send + 'static,
{
    let read = || async {
        let page = namespace.list_page(options.clone()).await?;
        let json = offload::run(estimated_bytes(&page), move || write(&page)).await??;
        let len = json.len();
        Ok((json, len))
    };
    memory.with_reservation(max_bytes(options.limit()), read).await
}

/// Returns the maximum that a page takes, together with its JSON: keys of which every byte is escaped, and
/// metadata.
const fn max_bytes(keys: usize) -> usize {
    keys * (7 * limits::MAX_KEY_BYTES + 2 * limits::MAX_METADATA_BYTES + 512)
}

/// Estimates the length of a page's JSON. Escapes are not counted: they may make a key six times as long, but
/// are rare.
fn estimated_bytes(page: &ListPage) -> usize {
    let metadata = |metadata: &Metadata| metadata.as_str().len();
    page.keys.iter().map(|key| 64 + key.name.len() + key.metadata.as_ref().map_or(0, metadata)).sum()
}
