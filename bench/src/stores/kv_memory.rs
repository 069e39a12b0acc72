//! kv-memory, called as a service calls it.

use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use kv_core::{KvNamespace, KvNamespaceExt, PutOptions, Value};
use kv_memory::MemoryNamespace;

use crate::{
    harness::store::{Callers, Store},
    stores::kv_redb::put_all,
};

pub(crate) const NAME: &str = "kv-memory";

#[derive(Clone)]
pub(crate) struct KvMemory(Arc<dyn KvNamespace>);

impl KvMemory {
    pub(crate) fn new() -> Self {
        Self(Arc::new(MemoryNamespace::new()))
    }
}

impl Store for KvMemory {
    const CALLERS: Callers = Callers::Tasks;

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        Ok(self.0.get(key).await?.map(Value::into_bytes))
    }

    async fn put(&self, key: &str, value: Bytes) -> Result<()> {
        Ok(self.0.put(key, value).await?)
    }

    async fn put_many(&self, entries: Vec<(String, Bytes)>) -> Result<()> {
        put_all(&self.0, entries, &PutOptions::default()).await
    }
}
