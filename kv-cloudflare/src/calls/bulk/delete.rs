//! Deletions of many entries.

use std::sync::Arc;

use kv_core::{BulkReport, Key, Result, Timestamp};
use reqwest::Method;

use crate::calls::{
    bulk::batches::{self, BulkItems, Encoding},
    namespace_client::NamespaceClient,
};

/// Keys to be removed.
#[derive(Debug)]
struct Deletions(Vec<Key<'static>>);

impl BulkItems for Deletions {
    const OPERATION: &'static str = "remove_many";

    fn len(&self) -> usize {
        self.0.len()
    }

    fn key(&self, index: usize) -> Option<&Key<'static>> {
        self.0.get(index)
    }

    fn size(&self, index: usize) -> usize {
        // Two quotes and a comma.
        const AROUND: usize = 3;
        self.key(index).map_or(0, |key| key.len() + AROUND)
    }

    fn encode(&self, index: usize, _: Timestamp, array: &mut Vec<u8>) -> Encoding {
        match self.key(index).map(|key| serde_json::to_writer(array, key.as_str())) {
            Some(Ok(())) => Encoding::Added,
            // Neither happens: text is always JSON.
            None | Some(Err(_)) => Encoding::SingleRequest,
        }
    }
}

/// Removes `keys` in batches.
pub(crate) async fn remove_many(namespace: &NamespaceClient, keys: Vec<Key<'static>>) -> Result<BulkReport> {
    let deletions = Arc::new(Deletions(keys));
    let url = namespace.urls()?.bulk_delete();
    let outcome = batches::send(namespace, &Method::POST, url, &deletions).await?;
    Ok(outcome.into_report(&*deletions))
}
