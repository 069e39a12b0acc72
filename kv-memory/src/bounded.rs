//! Namespace with a bound on its bytes, which evicts entries.

use std::{fmt, sync::Arc};

use kv_core::{
    AtomicKv, BulkReport, Clock, Entry, GetOptions, Key, KvNamespace, ListOptions, ListPage, PutEntry,
    PutOptions, Result, SystemClock, Value, async_trait,
};

use crate::{
    base::liveness::Liveness,
    table::{cache::entry_cache::EntryCache, namespace_table::NamespaceTable},
};

/// Namespace in memory that stays within a number of bytes and **evicts entries**. Clones are the same
/// namespace.
///
/// When it is full, it evicts the least recently used entries. An evicted entry is absent for every call,
/// like a deleted one. A new entry is always accepted, unless it alone is larger than the bound: then it is
/// evicted at once, and the old entry under its key is gone.
///
/// Use it for caches and for data that can be computed again. It does not implement [`AtomicKv`], since an
/// evicted entry cannot be told from one that never existed. Its other promises are those of
/// [`MemoryNamespace`](crate::MemoryNamespace).
///
/// The bound counts key, value and metadata, and half a kilobyte of overhead per entry. For moments the
/// namespace may exceed it by a sixteenth, and by the entry that is being written.
///
/// ```
/// use kv_core::prelude::*;
/// use kv_memory::BoundedMemoryNamespace;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> kv_core::Result<()> {
/// let kv = BoundedMemoryNamespace::new(1_000_000);
/// for number in 0..100 {
///     kv.put(format!("page:{number}"), vec![0; 50_000]).await?;
/// }
/// assert_eq!(kv.get("page:0").await?, None);
/// assert!(kv.get("page:99").await?.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BoundedMemoryNamespace {
    table: Arc<NamespaceTable>,
}

impl BoundedMemoryNamespace {
    /// Returns an empty namespace of at most `max_bytes`, on the machine's clock.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        Self::builder(max_bytes).build()
    }

    /// Returns a builder of a namespace of at most `max_bytes`.
    #[must_use]
    pub fn builder(max_bytes: u64) -> BoundedMemoryNamespaceBuilder {
        BoundedMemoryNamespaceBuilder { max_bytes, clock: Arc::new(SystemClock) }
    }

    /// Reclaims the memory of every expired entry, and returns their number; see
    /// [`MemoryNamespace::sweep`](crate::MemoryNamespace::sweep). It also evicts what exceeds the bound at
    /// the moment.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::BoundedMemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// let kv = BoundedMemoryNamespace::new(1_000_000);
    /// kv.put("a", "1").await?;
    /// assert_eq!(kv.sweep().await, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sweep(&self) -> usize {
        self.table.sweep().await
    }
}

impl fmt::Debug for BoundedMemoryNamespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundedMemoryNamespace").finish_non_exhaustive()
    }
}

/// Builder of a [`BoundedMemoryNamespace`].
///
/// ```
/// use std::sync::Arc;
/// use kv_core::SystemClock;
/// use kv_memory::BoundedMemoryNamespace;
///
/// let kv = BoundedMemoryNamespace::builder(64 << 20).clock(Arc::new(SystemClock)).build();
/// # let _ = kv;
/// ```
#[derive(Debug, Clone)]
pub struct BoundedMemoryNamespaceBuilder {
    max_bytes: u64,
    clock: Arc<dyn Clock>,
}

impl BoundedMemoryNamespaceBuilder {
    /// Sets the clock by which entries expire; the machine's by default.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Returns the namespace.
    #[must_use]
    pub fn build(self) -> BoundedMemoryNamespace {
        BoundedMemoryNamespace {
            table: Arc::new(NamespaceTable::new(
                EntryCache::bounded(self.max_bytes),
                self.clock,
                Liveness::default(),
            )),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl KvNamespace for BoundedMemoryNamespace {
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
        None
    }
}
