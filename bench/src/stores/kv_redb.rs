//! kv-redb, called as a service calls it.

use std::{path::Path, sync::Arc};

use anyhow::{Result, ensure};
use bytes::Bytes;
use kv_core::{
    Cursor, Expiration, KvNamespace, KvNamespaceExt, KvStore, ListOptions, Metadata, PutEntry, PutOptions,
    Timestamp,
};
use kv_redb::{RedbStore, RedbStoreBuilder};

use crate::harness::store::{Callers, EXPIRES_AT, Listing, METADATA, Store};

/// kv-redb with its defaults.
pub(crate) const NAME: &str = "kv-redb";
pub(crate) const QUICK_REPAIR: &str = "kv-redb, quick repair";
pub(crate) const NO_QUICK_REPAIR: &str = "kv-redb, no quick repair";

#[derive(Clone)]
pub(crate) struct KvRedb {
    pub(crate) store: RedbStore,
    pub(crate) namespace: Arc<dyn KvNamespace>,
}

impl KvRedb {
    pub(crate) async fn open(builder: RedbStoreBuilder, path: &Path) -> Result<Self> {
        Self::over(builder.open(path).await?).await
    }

    /// Uses an open store.
    pub(crate) async fn over(store: RedbStore) -> Result<Self> {
        let namespace = Arc::new(store.open_namespace("bench").await?);
        Ok(Self { store, namespace })
    }

    pub(crate) async fn close(self) -> Result<()> {
        Ok(self.store.close().await?)
    }
}

impl Store for KvRedb {
    const CALLERS: Callers = Callers::Tasks;

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        Ok(self.namespace.get(key).await?.map(kv_core::Value::into_bytes))
    }

    async fn put(&self, key: &str, value: Bytes) -> Result<()> {
        Ok(self.namespace.put(key, value).await?)
    }

    async fn put_many(&self, entries: Vec<(String, Bytes)>) -> Result<()> {
        put_all(&self.namespace, entries, &PutOptions::default()).await
    }
}

/// Puts all entries with `options`.
pub(crate) async fn put_all(
    namespace: &dyn KvNamespace,
    entries: Vec<(String, Bytes)>,
    options: &PutOptions,
) -> Result<()> {
    let entries =
        entries.into_iter().map(|(key, value)| Ok(PutEntry::new(key, value)?.with_options(options.clone())));
    namespace.put_many(entries.collect::<Result<Vec<_>>>()?).await?.into_result()?;
    Ok(())
}

impl Listing for KvRedb {
    type Position = Option<Cursor>;

    async fn put_many_listed(&self, entries: Vec<(String, Bytes)>) -> Result<()> {
        let expiration = Expiration::at(Timestamp::from_secs(EXPIRES_AT)?, Timestamp::EPOCH)?;
        let options = PutOptions::from(expiration).with_metadata(Metadata::parse(METADATA)?);
        put_all(&self.namespace, entries, &options).await
    }

    async fn list_page(&self, position: &mut Option<Cursor>) -> Result<usize> {
        let page = self.namespace.list_page(ListOptions::default().with_cursor(position.take())).await?;
        let is_complete = |key: &kv_core::KeyInfo| key.expires_at.is_some() && key.metadata.is_some();
        ensure!(page.keys.iter().all(is_complete), "a listed key has no expiry or no metadata");
        *position = page.next;
        Ok(page.keys.len())
    }
}
