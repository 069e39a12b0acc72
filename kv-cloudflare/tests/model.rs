//! Model test: random sequences of operations, over kv-server and a real socket.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod subjects;

use std::sync::Arc;

use kv_core::{
    AtomicKv, BulkReport, Clock, Entry, GetOptions, Key, KvNamespace, ListOptions, ListPage, PutEntry,
    PutOptions, Result, Value, async_trait, limits,
};
use kv_testkit::{ManualClock, ModelOptions, model_test};

/// Client that writes carried expiries of less than 60 s directly to the namespace behind the server, since
/// the API takes none.
#[derive(Debug)]
struct NearExpiriesDirect {
    client: Arc<dyn KvNamespace>,
    direct: Arc<dyn KvNamespace>,
    clock: ManualClock,
}

impl NearExpiriesDirect {
    fn route(&self, options: &PutOptions) -> &Arc<dyn KvNamespace> {
        let now = self.clock.now();
        let near = options.expires_at(now).is_some_and(|expires_at| {
            !expires_at.has_passed(now) && expires_at.saturating_since(now) < limits::MIN_EXPIRATION
        });
        if near { &self.direct } else { &self.client }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl KvNamespace for NearExpiriesDirect {
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        self.client.read(key, options).await
    }

    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        self.route(&options).write(key, value, options).await
    }

    async fn remove(&self, key: Key<'_>) -> Result<()> {
        self.client.remove(key).await
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        self.client.list_page(options).await
    }

    async fn read_many(&self, keys: Vec<Key<'static>>, options: GetOptions) -> Result<Vec<Option<Entry>>> {
        self.client.read_many(keys, options).await
    }

    async fn write_many(&self, entries: Vec<PutEntry>) -> Result<BulkReport> {
        let near = entries
            .iter()
            .map(|entry| self.route(&entry.options))
            .find(|route| Arc::ptr_eq(route, &self.direct));
        near.unwrap_or(&self.client).write_many(entries).await
    }

    async fn remove_many(&self, keys: Vec<Key<'static>>) -> Result<BulkReport> {
        self.client.remove_many(keys).await
    }

    fn into_atomic(self: Arc<Self>) -> Option<Arc<dyn AtomicKv>> {
        None
    }
}

fn wrap(
    client: Arc<dyn KvNamespace>,
    direct: Arc<dyn KvNamespace>,
    clock: ManualClock,
) -> Arc<dyn KvNamespace> {
    Arc::new(NearExpiriesDirect { client, direct, clock })
}

// Fewer sequences than for the stores themselves, since each operation is a request or more.
#[test]
fn over_memory_agrees_with_the_model() {
    model_test(async || subjects::memory(wrap).await, ModelOptions::default().with_sequences(96));
}

#[test]
fn over_redb_agrees_with_the_model() {
    model_test(async || subjects::redb(wrap).await, ModelOptions::default().with_sequences(48));
}
