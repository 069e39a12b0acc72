//! Store that a test can count, delay and make fail.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::Bytes;
use kv_core::{
    Entry, Error, ErrorKind, GetOptions, Key, KvNamespace, KvStore, ListOptions, ListPage, Metadata,
    NamespaceId, NamespaceInfo, NamespaceTitle, PutOptions, Result, Value, async_trait,
};
use kv_memory::MemoryStore;
use tokio::sync::Semaphore;

/// A store in memory that works as usual but for the fields that a test sets. A key that starts with `broken`
/// always fails; the key `bad metadata` has metadata that is not JSON.
#[derive(Debug, Clone)]
pub(crate) struct ControlledStore {
    pub(crate) inner: MemoryStore,
    /// Each call of a namespace takes a permit before it starts.
    pub(crate) permits: Arc<Semaphore>,
    /// Error of a call for a key or a prefix that starts with `broken`.
    pub(crate) error: Error,
    /// Error of the readiness check; `None` for a store that is ready.
    pub(crate) not_ready: Arc<Mutex<Option<Error>>>,
    /// Each listing of namespaces takes a permit before it returns.
    pub(crate) listing_permits: Arc<Semaphore>,
    pub(crate) listings: Arc<AtomicUsize>,
    /// `true` if each read copies the value, as a store on disk does.
    pub(crate) copies_values: bool,
}

impl ControlledStore {
    pub(crate) fn new(inner: MemoryStore) -> Self {
        let unlimited = || Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        Self {
            inner,
            permits: unlimited(),
            error: Error::new(ErrorKind::Other, "test", "broken"),
            not_ready: Arc::default(),
            listing_permits: unlimited(),
            listings: Arc::default(),
            copies_values: false,
        }
    }

    /// Number of times that the namespaces were listed.
    pub(crate) fn listings(&self) -> usize {
        self.listings.load(Ordering::SeqCst)
    }

    async fn start(&self, key: &str) -> Result<()> {
        self.permits.acquire().await.unwrap().forget();
        if key.starts_with("broken") { Err(self.error.clone()) } else { Ok(()) }
    }
}

#[derive(Debug)]
struct ControlledNamespace {
    inner: Arc<dyn KvNamespace>,
    store: ControlledStore,
}

#[async_trait]
impl KvNamespace for ControlledNamespace {
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        self.store.start(key.as_str()).await?;
        if key.as_str() == "bad metadata" {
            let metadata = Metadata::from_stored("{not json").unwrap();
            return Ok(Some(Entry::new(Value::new(Bytes::new()).unwrap()).with_metadata(metadata)));
        }
        let mut entry = self.inner.read(key, options).await?;
        if self.store.copies_values
            && let Some(entry) = &mut entry
        {
            entry.value = Value::new(entry.value.to_vec())?;
        }
        Ok(entry)
    }

    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        self.store.start(key.as_str()).await?;
        self.inner.write(key, value, options).await
    }

    async fn remove(&self, key: Key<'_>) -> Result<()> {
        self.store.start(key.as_str()).await?;
        self.inner.remove(key).await
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        self.store.start(options.prefix().as_str()).await?;
        self.inner.list_page(options).await
    }
}

#[async_trait]
impl KvStore for ControlledStore {
    async fn create_namespace(&self, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.inner.create_namespace(title).await
    }

    async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>> {
        self.listings.fetch_add(1, Ordering::SeqCst);
        let namespaces = self.inner.list_namespaces().await;
        self.listing_permits.acquire().await.unwrap().forget();
        namespaces
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
        Arc::new(ControlledNamespace { inner: self.inner.namespace(id), store: self.clone() })
    }

    async fn check_ready(&self) -> Result<()> {
        self.not_ready.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}
