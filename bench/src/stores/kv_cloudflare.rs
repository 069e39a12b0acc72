//! kv-cloudflare, connected to its own kv-server.

use anyhow::Result;
use bytes::Bytes;
use kv_cloudflare::{Budget, CloudflareNamespace};
use kv_core::{KvNamespaceExt, PutOptions, Value};

use crate::{
    harness::{
        loopback::{ACCOUNT, Loopback, TOKEN},
        store::{Callers, Store},
    },
    stores::kv_redb::put_all,
};

pub(crate) const NAME: &str = "kv-cloudflare";

#[derive(Clone)]
pub(crate) struct KvCloudflare {
    pub(crate) server: Loopback,
    pub(crate) namespace: CloudflareNamespace,
}

impl KvCloudflare {
    /// Starts a server on the current runtime, and a client of it.
    pub(crate) async fn open() -> Result<Self> {
        let server = Loopback::start().await?;
        let namespace = CloudflareNamespace::builder()
            .account_id(ACCOUNT)
            .namespace_id(server.namespace.as_str())
            .api_token(TOKEN)
            .base_url(server.base_url())
            .budget(Budget::unlimited())
            .build()?;
        Ok(Self { server, namespace })
    }
}

impl Store for KvCloudflare {
    const CALLERS: Callers = Callers::Tasks;

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        Ok(self.namespace.get(key).await?.map(Value::into_bytes))
    }

    async fn put(&self, key: &str, value: Bytes) -> Result<()> {
        Ok(self.namespace.put(key, value).await?)
    }

    async fn put_many(&self, entries: Vec<(String, Bytes)>) -> Result<()> {
        put_all(&self.namespace, entries, &PutOptions::default()).await
    }
}
