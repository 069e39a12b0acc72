//! Reads many entries.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use kv_core::{Entry, GetOptions, Key, Result};

use crate::namespace::CloudflareNamespace;

impl CloudflareNamespace {
    /// The entries under `keys`, each at its key's place. Each key is asked for once, however often it is given.
    pub(crate) async fn read_entries(
        &self,
        keys: &[Key<'static>],
        options: GetOptions,
    ) -> Result<Vec<Option<Entry>>> {
        let mut places = HashMap::with_capacity(keys.len());
        let mut distinct = Vec::with_capacity(keys.len());
        for key in keys {
            places.entry(key).or_insert_with(|| {
                distinct.push(key);
                distinct.len() - 1
            });
        }
        let found = if options.text {
            self.read_texts(&distinct, options).await?
        } else {
            self.read_singly(&distinct, options).await?
        };
        let place = |key| places.get(key).and_then(|place| found.get(*place));
        Ok(keys.iter().map(|key| place(key).cloned().flatten()).collect())
    }

    /// The entries under `keys`, in their order, by a request for each, or two with metadata.
    pub(crate) async fn read_singly(
        &self,
        keys: &[&Key<'static>],
        options: GetOptions,
    ) -> Result<Vec<Option<Entry>>> {
        // By place: a closure over references would have to be general in their lifetimes, which this one cannot be.
        let reads = stream::iter(0..keys.len()).map(|place| self.read_place(keys, place, options));
        reads.buffered(self.client().concurrency).try_collect().await
    }

    async fn read_place(
        &self,
        keys: &[&Key<'static>],
        place: usize,
        options: GetOptions,
    ) -> Result<Option<Entry>> {
        let Some(key) = keys.get(place) else { return Ok(None) };
        let deadline = self.client().deadline();
        self.read_entry("read_many", key, options.metadata, &deadline).await
    }
}
