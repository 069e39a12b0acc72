//! Store of many namespaces.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use kv_core::{
    Clock, Error, Jurisdiction, KvNamespace, KvStore, NamespaceId, NamespaceInfo, NamespaceTitle, Result,
    SystemClock, async_trait,
};
use uuid::Uuid;

use crate::{
    base::{errors, liveness::Liveness},
    namespace::MemoryNamespace,
    table::freeing::Freeing,
};

/// Store of many namespaces in memory. Clones are the same store.
///
/// Its namespaces are [`MemoryNamespace`]s. Deleting one, and closing the store, frees their memory although
/// handles still exist: both calls return at once, whatever the number of entries, and a background thread of
/// the store frees the memory. The entries of a closed store are lost.
///
/// ```
/// use kv_core::{KvStore, NamespaceTitle, prelude::*};
/// use kv_memory::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> kv_core::Result<()> {
/// let store = MemoryStore::new();
/// let created = store.create_namespace(NamespaceTitle::new("sessions")?).await?;
/// store.namespace(&created.id).put("session:17", "ada").await?;
///
/// let sessions = store.open_namespace("sessions").await?;
/// assert_eq!(sessions.get_text("session:17").await?.as_deref(), Some("ada"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    closed: Arc<AtomicBool>,
    namespaces: Mutex<Namespaces>,
    /// Namespace of every unknown id: a deleted one.
    missing: MemoryNamespace,
    freeing: Arc<Freeing>,
}

#[derive(Default)]
struct Namespaces {
    by_id: BTreeMap<NamespaceId, Named>,
    by_title: BTreeMap<NamespaceTitle, NamespaceId>,
}

struct Named {
    title: NamespaceTitle,
    jurisdiction: Option<Jurisdiction>,
    namespace: MemoryNamespace,
}

impl Named {
    fn info(&self, id: &NamespaceId) -> NamespaceInfo {
        NamespaceInfo::new(id.clone(), self.title.clone()).with_jurisdiction(self.jurisdiction)
    }
}

impl MemoryStore {
    /// Returns an empty store on the machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Returns a builder.
    #[must_use]
    pub fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder::default()
    }

    /// Returns the namespace with the title, created if it does not exist.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](kv_core::ErrorKind::InvalidInput) unless the title has 1 to 512 characters;
    /// [`Closed`](kv_core::ErrorKind::Closed).
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryStore;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// let store = MemoryStore::new();
    /// store.open_namespace("flags").await?.put("dark", "on").await?;
    /// let again = store.open_namespace("flags").await?;
    /// assert_eq!(again.get_text("dark").await?.as_deref(), Some("on"));
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::unused_async, reason = "the same signature as other stores, which wait here")]
    pub async fn open_namespace(&self, title: impl Into<String>) -> Result<MemoryNamespace> {
        let title = NamespaceTitle::new(title)
            .map_err(|error| Error::from(error).with_operation("open_namespace"))?;
        let mut namespaces = self.shared.lock("open_namespace")?;
        if let Some(named) = namespaces.by_title.get(&title).and_then(|id| namespaces.by_id.get(id)) {
            return Ok(named.namespace.clone());
        }
        let (_, namespace) = self.shared.create(&mut namespaces, title, None)?;
        Ok(namespace)
    }

    /// Sweeps every namespace, as [`MemoryNamespace::sweep`] does, and returns the number of reclaimed
    /// entries. When it returns, entries of deleted namespaces are freed as well; they are not counted.
    ///
    /// ```
    /// # use kv_memory::MemoryStore;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// assert_eq!(MemoryStore::new().sweep().await, 0);
    /// # }
    /// ```
    pub async fn sweep(&self) -> usize {
        let namespaces: Vec<_> = {
            let namespaces = self.shared.lock_namespaces();
            let handles = namespaces.by_id.values().map(|named| named.namespace.clone());
            handles.collect()
        };
        let mut swept = 0;
        for namespace in namespaces {
            swept += namespace.sweep().await;
        }
        self.shared.freeing.finish_all().await;
        swept
    }
}

impl Shared {
    fn lock(&self, operation: &'static str) -> Result<MutexGuard<'_, Namespaces>> {
        self.lock_open().map_err(|error| error.with_operation(operation))
    }

    fn lock_open(&self) -> Result<MutexGuard<'_, Namespaces>> {
        let namespaces = self.lock_namespaces();
        if self.closed.load(Ordering::Acquire) { Err(errors::closed()) } else { Ok(namespaces) }
    }

    fn lock_namespaces(&self) -> MutexGuard<'_, Namespaces> {
        self.namespaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates a namespace, unless another one has the title.
    fn create_new(&self, title: NamespaceTitle, jurisdiction: Option<Jurisdiction>) -> Result<NamespaceInfo> {
        let mut namespaces = self.lock_open()?;
        if namespaces.by_title.contains_key(&title) {
            return Err(errors::exists(&title));
        }
        let (id, _) = self.create(&mut namespaces, title.clone(), jurisdiction)?;
        Ok(NamespaceInfo::new(id, title).with_jurisdiction(jurisdiction))
    }

    fn create(
        &self,
        namespaces: &mut Namespaces,
        title: NamespaceTitle,
        jurisdiction: Option<Jurisdiction>,
    ) -> Result<(NamespaceId, MemoryNamespace)> {
        let id = NamespaceId::new(Uuid::new_v4().simple().to_string())?;
        let liveness = Liveness::new(Arc::clone(&self.closed));
        let namespace = MemoryNamespace::with_liveness(Arc::clone(&self.clock), liveness, Some(id.clone()));
        namespaces.by_title.insert(title.clone(), id.clone());
        let named = Named { title, jurisdiction, namespace: namespace.clone() };
        namespaces.by_id.insert(id.clone(), named);
        Ok((id, namespace))
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

/// Builder of a [`MemoryStore`].
///
/// ```
/// use std::sync::Arc;
/// use kv_core::SystemClock;
/// use kv_memory::MemoryStore;
///
/// let store = MemoryStore::builder().clock(Arc::new(SystemClock)).build();
/// # let _ = store;
/// ```
#[derive(Debug, Clone)]
pub struct MemoryStoreBuilder {
    clock: Arc<dyn Clock>,
}

impl Default for MemoryStoreBuilder {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock) }
    }
}

impl MemoryStoreBuilder {
    /// Sets the clock by which entries expire; the machine's by default.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Returns the store.
    #[must_use]
    pub fn build(self) -> MemoryStore {
        let closed = Arc::<AtomicBool>::default();
        let missing =
            MemoryNamespace::with_liveness(Arc::clone(&self.clock), Liveness::new(Arc::clone(&closed)), None);
        missing.table().mark_deleted();
        MemoryStore {
            shared: Arc::new(Shared {
                clock: self.clock,
                closed,
                namespaces: Mutex::default(),
                missing,
                freeing: Arc::default(),
            }),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl KvStore for MemoryStore {
    async fn create_namespace(&self, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.shared.create_new(title, None).map_err(|error| error.with_operation("create_namespace"))
    }

    async fn create_namespace_in(
        &self,
        title: NamespaceTitle,
        jurisdiction: Jurisdiction,
    ) -> Result<NamespaceInfo> {
        let created = self.shared.create_new(title, Some(jurisdiction));
        created.map_err(|error| error.with_operation("create_namespace_in"))
    }

    async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>> {
        let namespaces = self.shared.lock("list_namespaces")?;
        let infos = namespaces.by_id.iter();
        Ok(infos.map(|(id, named)| named.info(id)).collect())
    }

    async fn namespace_info(&self, id: &NamespaceId) -> Result<NamespaceInfo> {
        let namespaces = self.shared.lock("namespace_info")?;
        match namespaces.by_id.get(id) {
            Some(named) => Ok(named.info(id)),
            None => Err(errors::not_found().with_operation("namespace_info")),
        }
    }

    async fn rename_namespace(&self, id: &NamespaceId, title: NamespaceTitle) -> Result<NamespaceInfo> {
        let mut namespaces = self.shared.lock("rename_namespace")?;
        let Namespaces { by_id, by_title } = &mut *namespaces;
        let Some(named) = by_id.get_mut(id) else {
            return Err(errors::not_found().with_operation("rename_namespace"));
        };
        if by_title.get(&title).is_some_and(|holder| holder != id) {
            return Err(errors::exists(&title).with_operation("rename_namespace"));
        }
        by_title.remove(&named.title);
        by_title.insert(title.clone(), id.clone());
        named.title = title;
        Ok(named.info(id))
    }

    async fn delete_namespace(&self, id: &NamespaceId) -> Result<()> {
        let deleted = {
            let mut namespaces = self.shared.lock("delete_namespace")?;
            let Some(named) = namespaces.by_id.remove(id) else {
                return Err(errors::not_found().with_operation("delete_namespace"));
            };
            namespaces.by_title.remove(&named.title);
            named.namespace.table().mark_deleted();
            named.namespace
        };
        self.shared.freeing.free([Arc::clone(deleted.table())]);
        Ok(())
    }

    fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace> {
        let namespaces = self.shared.lock_namespaces();
        let named = namespaces.by_id.get(id);
        Arc::new(named.map_or(&self.shared.missing, |named| &named.namespace).clone())
    }

    async fn check_ready(&self) -> Result<()> {
        self.shared.lock("check_ready").map(drop)
    }

    async fn close(&self) -> Result<()> {
        let closed = {
            let mut namespaces = self.shared.lock_namespaces();
            self.shared.closed.store(true, Ordering::Release);
            std::mem::take(&mut *namespaces)
        };
        let tables = closed.by_id.values().map(|named| Arc::clone(named.namespace.table()));
        self.shared.freeing.free(tables);
        Ok(())
    }
}
