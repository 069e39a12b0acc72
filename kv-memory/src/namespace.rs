//! Namespace without a bound.

use std::{fmt, sync::Arc};

use kv_core::{
    AtomicKv, BulkReport, Clock, Conditional, Entry, Expected, GetOptions, Key, KvNamespace, ListOptions,
    ListPage, NamespaceId, PutEntry, PutOptions, Result, SystemClock, Value, Version, async_trait,
};

use crate::{
    base::liveness::Liveness,
    table::{
        cache::entry_cache::EntryCache,
        namespace_table::{Change, NamespaceTable},
    },
};

/// Namespace in memory that keeps every entry until it is deleted or expires. Clones are the same namespace.
///
/// Beyond the contract it promises:
///
/// - Single keys are linearizable: a read sees every write that was acknowledged before it began. So are
///   conditional writes, pages of a listing and the deletion of the namespace.
/// - A write is applied when its future is first polled, or not at all. Bulk writes are applied in steps of
///   256 items, between which other tasks run.
/// - Reads take no lock of this crate (moka has its own, held for moments), and no call copies a value. A
///   page of a listing looks at 10,000 entries at most, so one may be empty where very many have expired.
///
/// ```
/// use kv_core::{Conditional, Expected, PutOptions, prelude::*};
/// use kv_memory::MemoryNamespace;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> kv_core::Result<()> {
/// let kv = MemoryNamespace::new();
/// kv.put("flag:dark", "on").await?;
/// assert_eq!(kv.clone().get_text("flag:dark").await?.as_deref(), Some("on"));
///
/// let lost = kv.put_if("flag:dark", Expected::Absent, "off", PutOptions::default()).await?;
/// assert_eq!(lost, Conditional::Conflict);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryNamespace {
    table: Arc<NamespaceTable>,
    id: Option<Arc<NamespaceId>>,
}

impl MemoryNamespace {
    /// Returns an empty namespace on the machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Returns a builder.
    #[must_use]
    pub fn builder() -> MemoryNamespaceBuilder {
        MemoryNamespaceBuilder::default()
    }

    pub(crate) fn with_liveness(clock: Arc<dyn Clock>, liveness: Liveness, id: Option<NamespaceId>) -> Self {
        Self {
            table: Arc::new(NamespaceTable::new(EntryCache::unbounded(), clock, liveness)),
            id: id.map(Arc::new),
        }
    }

    /// Returns the id under which [`KvStore::namespace`](kv_core::KvStore::namespace) returns this namespace;
    /// `None` if it does not belong to a store.
    ///
    /// ```
    /// # use kv_core::KvStore;
    /// # use kv_memory::{MemoryNamespace, MemoryStore};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// let store = MemoryStore::new();
    /// let sessions = store.open_namespace("sessions").await?;
    /// assert_eq!(store.namespace_info(sessions.id().unwrap()).await?.title.as_str(), "sessions");
    /// assert_eq!(MemoryNamespace::new().id(), None);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn id(&self) -> Option<&NamespaceId> {
        self.id.as_deref()
    }

    pub(crate) fn table(&self) -> &Arc<NamespaceTable> {
        &self.table
    }

    /// Reclaims the memory of every expired entry, and returns their number. It works in steps of 256
    /// entries, between which other tasks run and other threads write.
    ///
    /// Every write reclaims a few, so only a namespace that is rarely written to needs it.
    ///
    /// ```
    /// # use std::{sync::Arc, time::Duration};
    /// # use kv_core::{Expiration, prelude::*};
    /// # use kv_memory::MemoryNamespace;
    /// # use kv_testkit::ManualClock;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// let clock = ManualClock::default();
    /// let kv = MemoryNamespace::builder().clock(Arc::new(clock.clone())).build();
    /// kv.put_with("a", "1", Expiration::after(Duration::from_secs(60))?).await?;
    /// assert_eq!(kv.sweep().await, 0);
    /// clock.advance(Duration::from_secs(60));
    /// assert_eq!(kv.sweep().await, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sweep(&self) -> usize {
        self.table.sweep().await
    }
}

impl Default for MemoryNamespace {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryNamespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryNamespace").finish_non_exhaustive()
    }
}

/// Builder of a [`MemoryNamespace`].
///
/// ```
/// use std::sync::Arc;
/// use kv_core::SystemClock;
/// use kv_memory::MemoryNamespace;
///
/// let kv = MemoryNamespace::builder().clock(Arc::new(SystemClock)).build();
/// # let _ = kv;
/// ```
#[derive(Debug, Clone)]
pub struct MemoryNamespaceBuilder {
    clock: Arc<dyn Clock>,
}

impl Default for MemoryNamespaceBuilder {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock) }
    }
}

impl MemoryNamespaceBuilder {
    /// Sets the clock by which entries expire; the machine's by default.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Returns the namespace.
    #[must_use]
    pub fn build(self) -> MemoryNamespace {
        MemoryNamespace::with_liveness(self.clock, Liveness::default(), None)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl KvNamespace for MemoryNamespace {
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        self.table.read(&key, options)
    }

    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        self.table.write(&key, value, options)
    }

    async fn remove(&self, key: Key<'_>) -> Result<()> {
        self.table.remove(&key)
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        self.table.list_page(&options)
    }

    async fn read_many(&self, keys: Vec<Key<'static>>, options: GetOptions) -> Result<Vec<Option<Entry>>> {
        self.table.read_many(&keys, options)
    }

    async fn write_many(&self, entries: Vec<PutEntry>) -> Result<BulkReport> {
        self.table.write_many(entries).await
    }

    async fn remove_many(&self, keys: Vec<Key<'static>>) -> Result<BulkReport> {
        self.table.remove_many(keys).await
    }

    fn into_atomic(self: Arc<Self>) -> Option<Arc<dyn AtomicKv>> {
        Some(self)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl AtomicKv for MemoryNamespace {
    async fn read_versioned(&self, key: Key<'_>) -> Result<Option<(Entry, Version)>> {
        self.table.read_versioned(&key)
    }

    async fn write_if(
        &self,
        key: Key<'_>,
        expected: Expected,
        value: Value,
        options: PutOptions,
    ) -> Result<Conditional> {
        let put = Change::Put(value, options);
        self.table.change("write_if", &key, Some(expected), put)
    }

    async fn remove_if(&self, key: Key<'_>, expected: Version) -> Result<Conditional> {
        self.table.change("remove_if", &key, Some(expected.into()), Change::Remove)
    }
}
