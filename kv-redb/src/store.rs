//! Handle of a store: opening it, and the namespaces in it.

use std::{fmt, path::Path, sync::Arc};

use kv_core::{
    Error, Jurisdiction, KvNamespace, KvStore, NamespaceId, NamespaceInfo, NamespaceTitle, Result,
    async_trait,
};

use crate::{
    builder::RedbStoreBuilder,
    namespace::RedbNamespace,
    open_store::OpenStore,
    write::request::{NamespaceRequest, Request},
};

/// Store of many namespaces in one file, open for reading and writing. Clones are handles of the same store.
///
/// A write is acknowledged once it would survive a power cut. One process can have the file open at a time.
/// Close the store with [`close`](KvStore::close). Dropping the last handle, namespaces included, also writes
/// what was accepted, but in the background.
///
/// ```
/// use kv_core::{KvStore, prelude::*};
/// use kv_redb::RedbStore;
///
/// # #[tokio::main]
/// # async fn main() -> kv_core::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("app.kv");
/// let store = RedbStore::open(&path).await?;
/// let sessions = store.open_namespace("sessions").await?;
/// sessions.put("17", "ada").await?;
/// store.close().await?;
///
/// let store = RedbStore::open(&path).await?;
/// let sessions = store.open_namespace("sessions").await?;
/// assert_eq!(sessions.get_text("17").await?.as_deref(), Some("ada"));
/// # store.close().await
/// # }
/// ```
#[derive(Clone)]
pub struct RedbStore(pub(crate) Arc<OpenStore>);

impl RedbStore {
    pub(crate) fn new(store: OpenStore) -> Self {
        Self(Arc::new(store))
    }

    /// Opens the store in the file at `path`, or creates it; see [`RedbStoreBuilder::open`].
    ///
    /// # Errors
    ///
    /// As [`RedbStoreBuilder::open`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder().open(path).await
    }

    /// As [`open`](RedbStore::open), blocking the calling thread: for code outside a runtime.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_redb::RedbStore;
    /// # fn main() -> kv_core::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("app.kv");
    /// let store = RedbStore::open_blocking(&path)?;
    /// # drop(store);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`RedbStoreBuilder::open`].
    pub fn open_blocking(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder().open_blocking(path)
    }

    /// Returns a builder, to open a store with other settings than the defaults.
    pub fn builder() -> RedbStoreBuilder {
        RedbStoreBuilder::default()
    }

    /// Opens the namespace with the title, or creates it.
    ///
    /// ```
    /// # use kv_core::{KvStore, prelude::*};
    /// # use kv_redb::RedbStore;
    /// # #[tokio::main]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("app.kv");
    /// let store = RedbStore::open(&path).await?;
    /// let sessions = store.open_namespace("sessions").await?;
    /// assert_eq!(store.open_namespace("sessions").await?.id(), sessions.id());
    /// # store.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](kv_core::ErrorKind::InvalidInput) unless the title has 1 to 512 characters; otherwise
    /// the errors of a write.
    pub async fn open_namespace(&self, title: impl Into<String>) -> Result<RedbNamespace> {
        let title = NamespaceTitle::new(title)
            .map_err(|invalid| Error::from(invalid).with_operation("open_namespace"))?;
        let open = self.0.ask(|reply| Request::Namespaces(NamespaceRequest::Open(title, reply)));
        let namespace = open.await.map_err(|error| error.with_operation("open_namespace"))?;
        Ok(RedbNamespace::new(Arc::clone(&self.0), namespace))
    }

    async fn create(
        &self,
        title: NamespaceTitle,
        jurisdiction: Option<Jurisdiction>,
    ) -> Result<NamespaceInfo> {
        let name = title.clone();
        let request = |reply| Request::Namespaces(NamespaceRequest::Create(name, jurisdiction, reply));
        Ok(self.0.ask(request).await?.info(title))
    }

    /// Returns the file's path, as it was given.
    ///
    /// ```
    /// # use kv_core::{KvStore, prelude::*};
    /// # use kv_redb::RedbStore;
    /// # #[tokio::main]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("app.kv");
    /// let store = RedbStore::open(&path).await?;
    /// assert_eq!(store.path(), path);
    /// # store.close().await
    /// # }
    /// ```
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.state.path
    }
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStore").field("path", &self.path()).finish_non_exhaustive()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl KvStore for RedbStore {
    async fn create_namespace(&self, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.create(title, None).await.map_err(|error| error.with_operation("create_namespace"))
    }

    /// Creates a namespace and stores the name of its jurisdiction. The data stays where the file is.
    async fn create_namespace_in(
        &self,
        title: NamespaceTitle,
        jurisdiction: Jurisdiction,
    ) -> Result<NamespaceInfo> {
        let created = self.create(title, Some(jurisdiction)).await;
        created.map_err(|error| error.with_operation("create_namespace_in"))
    }

    async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>> {
        self.0.state.check_open().map_err(|error| error.with_operation("list_namespaces"))?;
        Ok(self.0.state.catalog.list())
    }

    async fn namespace_info(&self, id: &NamespaceId) -> Result<NamespaceInfo> {
        self.0
            .state
            .check_open()
            .and_then(|()| self.0.state.catalog.info(id))
            .map_err(|error| error.with_operation("namespace_info"))
    }

    async fn rename_namespace(&self, id: &NamespaceId, title: NamespaceTitle) -> Result<NamespaceInfo> {
        let rename = self
            .0
            .ask(|reply| Request::Namespaces(NamespaceRequest::Rename(id.clone(), title.clone(), reply)));
        let renamed = rename.await.map_err(|error| error.with_operation("rename_namespace"))?;
        Ok(renamed.info(title))
    }

    async fn delete_namespace(&self, id: &NamespaceId) -> Result<()> {
        let delete = self.0.ask(|reply| Request::Namespaces(NamespaceRequest::Delete(id.clone(), reply)));
        delete.await.map_err(|error| error.with_operation("delete_namespace"))
    }

    fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace> {
        let namespace = self.0.state.catalog.get_or_missing(id);
        Arc::new(RedbNamespace::new(Arc::clone(&self.0), namespace))
    }

    /// Fails while the disk is full, after a write failed for another reason, and once the store is closed.
    async fn check_ready(&self) -> Result<()> {
        self.0.state.check_writes().map_err(|error| error.with_operation("check_ready"))
    }

    async fn close(&self) -> Result<()> {
        let queue = &self.0.queue;
        let state = &self.0.state;
        let close = async {
            state.check_process()?;
            queue.send_close(state).await;
            state.wait_closed().await
        };
        close.await.map_err(|error| error.with_operation("close"))
    }
}
