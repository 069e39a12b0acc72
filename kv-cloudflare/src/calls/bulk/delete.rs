//! Removes many entries.

use std::sync::Arc;

use kv_core::{BulkReport, Key, Result, Timestamp};
use reqwest::Method;

use crate::{
    calls::bulk::batches::{BulkItems, Encoding, last_of_each_key},
    namespace::CloudflareNamespace,
};

/// Keys to be removed.
#[derive(Debug)]
pub(crate) struct Removals(pub(crate) Vec<Key<'static>>);

impl BulkItems for Removals {
    const OPERATION: &'static str = "remove_many";

    fn len(&self) -> usize {
        self.0.len()
    }

    fn key(&self, index: usize) -> Option<&Key<'static>> {
        self.0.get(index)
    }

    fn size(&self, index: usize) -> usize {
        // Quotes and a comma.
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

impl CloudflareNamespace {
    pub(crate) async fn remove_entries(&self, keys: Vec<Key<'static>>) -> Result<BulkReport> {
        let removals = Arc::new(Removals(keys));
        let indices = last_of_each_key(&*removals);
        let url = self.address()?.bulk_delete();
        let outcome = self.send_in_bulk(&Method::POST, url, &removals, indices).await?;
        Ok(outcome.into_report(&*removals))
    }
}
