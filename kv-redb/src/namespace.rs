//! Handle of a namespace.

use std::{fmt, sync::Arc};

use kv_core::{
    AtomicKv, BulkReport, Conditional, Entry, Error, Expected, GetOptions, Key, KvNamespace, ListOptions,
    ListPage, NamespaceId, PutEntry, PutOptions, Result, Value, Version, async_trait,
};

use crate::{
    blocking, bulk,
    file::entry_key::{self, EntryKey},
    open_store::OpenStore,
    read::{
        assemblies::Assembled,
        catalog::NamespaceState,
        listing::Listing,
        read_error::ReadError,
        snapshot::{LongEntry, Lookup, Snapshot},
        state::StoreState,
    },
    write::{
        mutation::{Action, Mutation},
        request::{Request, Write},
    },
};

/// Namespace of a [`RedbStore`](crate::RedbStore). Clones are handles of the same namespace.
///
/// Beyond the contract it promises:
///
/// - **Durability**: a write is acknowledged once it would survive a power cut. Every read that begins
///   afterwards sees it.
/// - **Consistency**: every call is atomic per key and linearizable. A page of a listing, and
///   [`read_many`](KvNamespace::read_many), show one moment of the whole namespace.
/// - **Cancellation**: a write that is dropped while it waits for the store's queue is not applied; a queued
///   one is.
#[derive(Clone)]
pub struct RedbNamespace {
    store: Arc<OpenStore>,
    namespace: Arc<NamespaceState>,
}

impl RedbNamespace {
    pub(crate) fn new(store: Arc<OpenStore>, namespace: Arc<NamespaceState>) -> Self {
        Self { store, namespace }
    }

    /// Returns the id, which [`KvStore::namespace`](kv_core::KvStore::namespace) takes.
    #[must_use]
    pub fn id(&self) -> &NamespaceId {
        &self.namespace.id
    }

    /// Fails if the store is closed or the namespace was deleted.
    fn check(&self) -> Result<()> {
        self.store.state.check_open()?;
        self.namespace.check()
    }

    /// Reads on the calling thread. Reads again if the file was opened again meanwhile, as happens when the
    /// disk is full.
    fn read_here<T>(&self, read: impl Fn(&Snapshot, &StoreState) -> Result<T, ReadError>) -> Result<T> {
        let state = &self.store.state;
        loop {
            let outcome = state.read(|snapshot| {
                self.namespace.check()?;
                match read(snapshot, state) {
                    Err(failed) if failed.is_file_failure() && state.has_replaced(snapshot) => Ok(None),
                    outcome => outcome.map(Some).map_err(|failed| state.read_error(failed)),
                }
            });
            if let Some(outcome) = outcome? {
                return Ok(outcome);
            }
        }
    }

    /// Reads on the blocking pool. The snapshot is taken there: one that waited for its turn in the pool
    /// would keep the store from reusing its pages.
    async fn read_on_pool<T: Send + 'static>(
        &self,
        read: impl Fn(&Snapshot, &StoreState) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T> {
        self.check()?;
        let namespace = self.clone();
        blocking::run(move || namespace.read_here(read)).await
    }

    /// Returns the entry under `key` with its version. Values up to 64 KiB are read on the calling thread,
    /// unless `cold_reads` is set.
    async fn find(&self, key: &Key<'_>, metadata: bool) -> Result<Option<(Entry, Version)>> {
        let key = entry_key::encode(self.namespace.number, key.as_str());
        loop {
            let found = if self.store.cold_reads {
                let key = key.clone();
                self.read_on_pool(move |snapshot, state| {
                    snapshot.find(&key, metadata, || state.now(), &state.value_cache)
                })
                .await?
            } else {
                self.read_here(|snapshot, state| {
                    snapshot.find(&key, metadata, || state.now(), &state.value_cache)
                })?
            };
            let Lookup::TooLong(entry) = found else { return Ok(found.into_entry()) };
            if let Some(found) = self.complete(key.clone(), entry, None).await? {
                return Ok(found.into_entry());
            }
            // The entry was changed or removed meanwhile: look it up again.
        }
    }

    /// Completes an entry with its value, assembled on the blocking pool from `snapshot`, or without one from
    /// the latest snapshot. `None` if the entry has another version there.
    async fn complete(
        &self,
        key: EntryKey,
        entry: LongEntry,
        snapshot: Option<Arc<Snapshot>>,
    ) -> Result<Option<Lookup>> {
        let state = &self.store.state;
        let version = entry.version;
        let namespace = self.clone();
        let assemble = blocking::run(move || match snapshot {
            Some(snapshot) => {
                let state = &namespace.store.state;
                snapshot
                    .assemble_version(&key, version, &state.value_cache)
                    .map_err(|failed| state.read_error(failed))
            }
            None => namespace
                .read_here(|snapshot, state| snapshot.assemble_version(&key, version, &state.value_cache)),
        });
        match state.assemblies.run(version, assemble).await? {
            Assembled::Value(bytes) => {
                let found = entry.with_value(bytes).map_err(|failed| state.read_error(failed));
                found.map(Some)
            }
            Assembled::Changed => Ok(None),
        }
    }

    /// Returns the entries under `keys` at one moment. An error names its key.
    async fn find_many(&self, keys: Vec<Key<'static>>, options: GetOptions) -> Result<Vec<Option<Entry>>> {
        self.check()?;
        let metadata = options.metadata;
        let namespace = self.clone();
        let number = self.namespace.number;
        let encode = move |key: &Key<'_>| entry_key::encode(number, key.as_str());
        let (snapshot, keys, found) = blocking::run(move || {
            let state = &namespace.store.state;
            let snapshot = state.snapshot()?;
            namespace.namespace.check()?;
            let find = |key: &Key<'static>| {
                let found = snapshot.find(&encode(key), metadata, || state.now(), &state.value_cache);
                found.map_err(|failed| state.read_error(failed).with_key(key))
            };
            let found = keys.iter().map(find).collect::<Result<Vec<_>>>()?;
            Ok((snapshot, keys, found))
        })
        .await?;
        let mut entries = Vec::with_capacity(keys.len());
        for (key, mut found) in keys.iter().zip(found) {
            while let Lookup::TooLong(entry) = found {
                let snapshot = Arc::clone(&snapshot);
                let retried = LongEntry::clone(&entry);
                let completed = self.complete(encode(key), entry, Some(snapshot)).await;
                // An assembly that another call started may read a later snapshot, in which the entry has
                // changed: retry.
                found = completed.map_err(|error| error.with_key(key))?.unwrap_or(Lookup::TooLong(retried));
            }
            entries.push(found.into_entry().map(|(entry, _)| entry));
        }
        Ok(entries)
    }

    /// Lists one page on the calling task, in steps between which other tasks may run; on the blocking pool
    /// with `cold_reads`.
    async fn list(&self, options: ListOptions) -> Result<ListPage> {
        let number = self.namespace.number;
        let begin = move |snapshot: &Snapshot, state: &StoreState| {
            let now = state.now().map_err(ReadError::Clock)?;
            Listing::begin(snapshot, number, &options, now)
        };
        if self.store.cold_reads {
            return self.read_on_pool(move |snapshot, state| begin(snapshot, state)?.finish()).await;
        }
        let mut listing = self.read_here(begin)?;
        loop {
            let page = listing.step().await.map_err(|failed| self.store.state.read_error(failed))?;
            if let Some(page) = page {
                return Ok(page);
            }
        }
    }

    /// Sends the items to the writer, in as few requests as their size allows, and waits for their outcomes.
    async fn write_bulk(
        &self,
        operation: &'static str,
        items: Vec<(Key<'static>, Action)>,
    ) -> Result<BulkReport> {
        self.check().map_err(|error| error.with_operation(operation))?;
        Ok(bulk::write(&self.store, &self.namespace, operation, items).await)
    }

    /// Sends one change to the writer, and waits for its outcome.
    async fn write_one(
        &self,
        key: &Key<'_>,
        expected: Option<Expected>,
        action: Action,
    ) -> Result<Conditional> {
        self.check()?;
        let mutation =
            Mutation { key: entry_key::encode(self.namespace.number, key.as_str()), expected, action };
        let namespace = Arc::clone(&self.namespace);
        self.store.ask(|reply| Request::Write(Write::Single(namespace, mutation, reply))).await
    }
}

impl fmt::Debug for RedbNamespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbNamespace").field("id", self.id()).finish_non_exhaustive()
    }
}

/// Adds the operation and the key to an error.
fn context(operation: &'static str, key: &Key<'_>) -> impl FnOnce(Error) -> Error {
    move |error| error.with_operation(operation).with_key(key)
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl KvNamespace for RedbNamespace {
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        let found = self.find(&key, options.metadata).await.map_err(context("read", &key))?;
        Ok(found.map(|(entry, _)| entry))
    }

    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        let written = self.write_one(&key, None, Action::Write(value, options)).await;
        written.map(drop).map_err(context("write", &key))
    }

    async fn remove(&self, key: Key<'_>) -> Result<()> {
        let removed = self.write_one(&key, None, Action::Remove).await;
        removed.map(drop).map_err(context("remove", &key))
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        self.list(options).await.map_err(|error| error.with_operation("list_page"))
    }

    async fn read_many(&self, keys: Vec<Key<'static>>, options: GetOptions) -> Result<Vec<Option<Entry>>> {
        self.find_many(keys, options).await.map_err(|error| error.with_operation("read_many"))
    }

    async fn write_many(&self, entries: Vec<PutEntry>) -> Result<BulkReport> {
        let items = entries.into_iter().map(|entry| (entry.key, Action::Write(entry.value, entry.options)));
        self.write_bulk("write_many", items.collect()).await
    }

    async fn remove_many(&self, keys: Vec<Key<'static>>) -> Result<BulkReport> {
        let items = keys.into_iter().map(|key| (key, Action::Remove));
        self.write_bulk("remove_many", items.collect()).await
    }

    fn into_atomic(self: Arc<Self>) -> Option<Arc<dyn AtomicKv>> {
        Some(self)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl AtomicKv for RedbNamespace {
    async fn read_versioned(&self, key: Key<'_>) -> Result<Option<(Entry, Version)>> {
        self.find(&key, true).await.map_err(context("read_versioned", &key))
    }

    async fn write_if(
        &self,
        key: Key<'_>,
        expected: Expected,
        value: Value,
        options: PutOptions,
    ) -> Result<Conditional> {
        let written = self.write_one(&key, Some(expected), Action::Write(value, options)).await;
        written.map_err(context("write_if", &key))
    }

    async fn remove_if(&self, key: Key<'_>, expected: Version) -> Result<Conditional> {
        let removed = self.write_one(&key, Some(expected.into()), Action::Remove).await;
        removed.map_err(context("remove_if", &key))
    }
}
