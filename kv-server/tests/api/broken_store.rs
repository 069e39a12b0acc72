//! A store that answers late, or not well.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use kv_core::{
    Entry, Error, ErrorKind, GetOptions, Key, KvNamespace, KvStore, ListOptions, ListPage, NamespaceId,
    NamespaceInfo, NamespaceTitle, PutOptions, Result, Value, async_trait,
};
use kv_memory::MemoryStore;
use tokio::sync::Semaphore;

/// A store in memory, each of whose reads and writes takes a permit first, and fails for a key that starts with `broken`.
#[derive(Debug, Clone)]
pub(crate) struct BrokenStore {
    pub(crate) inner: MemoryStore,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) error: Error,
    /// Its answer when it is asked if it is ready.
    pub(crate) not_ready: Arc<Mutex<Option<Error>>>,
}

impl BrokenStore {
    pub(crate) fn new(inner: MemoryStore, error: Error) -> Self {
        let permits = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        Self { inner, permits, error, not_ready: Arc::default() }
    }

    /// One whose reads and writes wait until permits are added.
    pub(crate) fn waiting(inner: MemoryStore) -> Self {
        let error = Error::new(ErrorKind::Other, "test", "broken");
        Self { permits: Arc::new(Semaphore::new(0)), ..Self::new(inner, error) }
    }
}

#[derive(Debug)]
struct BrokenNamespace {
    inner: Arc<dyn KvNamespace>,
    store: BrokenStore,
}

impl BrokenNamespace {
    async fn pass(&self, key: &str) -> Result<()> {
        self.store.permits.acquire().await.unwrap().forget();
        if key.starts_with("broken") { Err(self.store.error.clone()) } else { Ok(()) }
    }
}

#[async_trait]
impl KvNamespace for BrokenNamespace {
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        self.pass(key.as_str()).await?;
        if key.as_str() == "bad metadata" {
            let metadata = kv_core::Metadata::from_stored("{not json").unwrap();
            return Ok(Some(Entry::new(Value::new(Bytes::new()).unwrap()).with_metadata(metadata)));
        }
        self.inner.read(key, options).await
    }

    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        self.pass(key.as_str()).await?;
        self.inner.write(key, value, options).await
    }

    async fn remove(&self, key: Key<'_>) -> Result<()> {
        self.pass(key.as_str()).await?;
        self.inner.remove(key).await
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        self.pass(options.prefix().as_str()).await?;
        self.inner.list_page(options).await
    }
}

#[async_trait]
impl KvStore for BrokenStore {
    async fn create_namespace(&self, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.inner.create_namespace(title).await
    }

    async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>> {
        self.inner.list_namespaces().await
    }

    async fn namespace_info(&self, id: &NamespaceId) -> Result<NamespaceInfo> {
        self.inner.namespace_info(id).await
    }

    async fn rename_namespace(&self, id: &NamespaceId, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.inner.rename_namespace(id, title).await
    }

    async fn delete_namespace(&self, id: &NamespaceId) -> Result<()> {
        self.inner.delete_namespace(id).await
    }

    fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace> {
        Arc::new(BrokenNamespace { inner: self.inner.namespace(id), store: self.clone() })
    }

    async fn check_ready(&self) -> Result<()> {
        self.not_ready.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}
