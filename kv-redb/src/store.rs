//! The file, and the namespaces in it.

use std::{fmt, path::Path, sync::Arc};

use kv_core::{Error, KvNamespace, KvStore, NamespaceId, NamespaceInfo, NamespaceTitle, Result, async_trait};

use crate::{
    RedbNamespace, RedbStoreBuilder,
    queue::Queue,
    request::{Admin, Answer, Data, Request},
    state::State,
    sweep,
};

/// A file with many namespaces, open for reading and writing. Clones are the same store.
///
/// A write is answered once it would survive a power cut. One process has the file open at a time. Close it with
/// [`close`](KvStore::close): dropping the last handle, namespaces included, also finishes what was accepted, but on a
/// thread that nobody waits for.
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
pub struct RedbStore(Arc<Shared>);

/// What every handle of a store holds.
pub(crate) struct Shared {
    pub(crate) state: Arc<State>,
    pub(crate) queue: Queue,
    pub(crate) cold_reads: bool,
}

impl Shared {
    /// Asks the writer, and waits for its answer.
    pub(crate) async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T> {
        self.queue.ask(&self.state, request).await
    }
}

impl RedbStore {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Opens the store in the file at `path`, and makes it if there is none; see [`RedbStoreBuilder::open`].
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

    /// How to open a store otherwise than by default.
    pub fn builder() -> RedbStoreBuilder {
        RedbStoreBuilder::default()
    }

    /// The namespace with the title, created if there is none.
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
    /// [`InvalidInput`](kv_core::ErrorKind::InvalidInput) unless the title has 1 to 512 characters; else what a write may
    /// meet.
    pub async fn open_namespace(&self, title: impl Into<String>) -> Result<RedbNamespace> {
        let title = NamespaceTitle::new(title)
            .map_err(|refused| Error::from(refused).with_operation("open_namespace"))?;
        let open = self.0.ask(|answer| Request::Admin(Admin::Open(title, answer)));
        let namespace = open.await.map_err(|error| error.with_operation("open_namespace"))?;
        Ok(RedbNamespace::new(Arc::clone(&self.0), namespace))
    }

    /// Reclaims up to `limit` entries that have expired or whose namespace was deleted, in steps between which writes are
    /// served, and answers how many. Fewer than `limit` means that none is left. The store does this by itself every
    /// [`sweep_interval`](RedbStoreBuilder::sweep_interval).
    ///
    /// The file does not become shorter, but what comes uses the space.
    ///
    /// ```
    /// # use kv_core::{KvStore, prelude::*};
    /// # use kv_redb::RedbStore;
    /// # #[tokio::main]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("app.kv");
    /// let store = RedbStore::builder().sweep_interval(None).open(&path).await?;
    /// // At a time that suits:
    /// let reclaimed = store.sweep(10_000).await?;
    /// assert_eq!(reclaimed, 0, "nothing had expired");
    /// # store.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Closed`](kv_core::ErrorKind::Closed).
    pub async fn sweep(&self, limit: usize) -> Result<usize> {
        let mut swept = 0;
        while swept < limit {
            let step = (limit - swept).min(sweep::STEP);
            let reclaimed = self.0.ask(|answer| Request::Data(Data::Sweep(step, answer))).await;
            let reclaimed = reclaimed.map_err(|error| error.with_operation("sweep"))?;
            swept += reclaimed;
            if reclaimed < step {
                break;
            }
        }
        Ok(swept)
    }

    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(&self.0.state)
    }

    /// The file's path, as it was given.
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
        let create = self.0.ask(|answer| Request::Admin(Admin::Create(title.clone(), answer)));
        let created = create.await.map_err(|error| error.with_operation("create_namespace"))?;
        Ok(NamespaceInfo::new(created.id.clone(), title))
    }

    async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>> {
        self.0.state.check().map_err(|error| error.with_operation("list_namespaces"))?;
        Ok(self.0.state.catalog.list())
    }

    async fn namespace_info(&self, id: &NamespaceId) -> Result<NamespaceInfo> {
        self.0
            .state
            .check()
            .and_then(|()| self.0.state.catalog.info(id))
            .map_err(|error| error.with_operation("namespace_info"))
    }

    async fn rename_namespace(&self, id: &NamespaceId, title: NamespaceTitle) -> Result<NamespaceInfo> {
        let rename = self.0.ask(|answer| Request::Admin(Admin::Rename(id.clone(), title.clone(), answer)));
        rename.await.map_err(|error| error.with_operation("rename_namespace"))?;
        Ok(NamespaceInfo::new(id.clone(), title))
    }

    async fn delete_namespace(&self, id: &NamespaceId) -> Result<()> {
        let delete = self.0.ask(|answer| Request::Admin(Admin::Delete(id.clone(), answer)));
        delete.await.map_err(|error| error.with_operation("delete_namespace"))
    }

    fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace> {
        let namespace = self.0.state.catalog.get_or_missing(id);
        Arc::new(RedbNamespace::new(Arc::clone(&self.0), namespace))
    }

    async fn close(&self) -> Result<()> {
        let (queue, state) = (&self.0.queue, &self.0.state);
        // A store that is closed, or closing, takes no request; then there is only the end to wait for.
        let _ = queue.send(state, |_: Answer<()>| Request::Close).await;
        state.ended().await.map_err(|error| error.with_operation("close"))
    }
}
