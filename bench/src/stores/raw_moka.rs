//! moka itself: its asynchronous cache, unbounded.

use anyhow::Result;
use bytes::Bytes;
use moka::future::Cache;

use crate::harness::store::{Callers, Store};

pub(crate) const NAME: &str = "raw moka";

#[derive(Clone)]
pub(crate) struct RawMoka(Cache<String, Bytes>);

impl RawMoka {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().build())
    }
}

impl Store for RawMoka {
    const CALLERS: Callers = Callers::Tasks;

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        Ok(self.0.get(key).await)
    }

    async fn put(&self, key: &str, value: Bytes) -> Result<()> {
        self.0.insert(key.to_owned(), value).await;
        Ok(())
    }

    async fn put_many(&self, entries: Vec<(String, Bytes)>) -> Result<()> {
        for (key, value) in entries {
            self.0.insert(key, value).await;
        }
        Ok(())
    }
}
