//! One namespace of a store.

use std::{fmt, sync::Arc};

use kv_core::{
    AtomicKv, BulkReport, Conditional, Entry, Error, Expected, GetOptions, Key, KvNamespace, ListOptions,
    ListPage, NamespaceId, PutEntry, PutOptions, Result, Value, Version, async_trait,
};

use crate::{
    blocking,
    file::entry_key::{self, EntryKey},
    read::{
        catalog::Namespace,
        joins::Joined,
        listing::Listing,
        read_error::ReadError,
        snapshot::{Found, Long, Snapshot, Wanted},
        state::State,
    },
    shared::Shared,
    write::{
        mutation::{Action, Mutation},
        request::{Data, Request},
    },
};

/// One namespace of a [`RedbStore`](crate::RedbStore). Clones are the same namespace.
///
/// Beyond the contract it promises:
///
/// - A write is answered once it would survive a power cut, and is then seen by every read that begins.
/// - Every call is atomic for a single key and linearizable; a page of a listing, and
///   [`read_many`](KvNamespace::read_many), show one moment of the whole namespace.
/// - A write that is dropped before it could enter the store's queue is not applied; one that is queued is.
#[derive(Clone)]
pub struct RedbNamespace {
    pub(crate) shared: Arc<Shared>,
    pub(crate) namespace: Arc<Namespace>,
}

impl RedbNamespace {
    pub(crate) fn new(shared: Arc<Shared>, namespace: Arc<Namespace>) -> Self {
        Self { shared, namespace }
    }

    /// The id, by which [`KvStore::namespace`](kv_core::KvStore::namespace) gives this namespace.
    #[must_use]
    pub fn id(&self) -> &NamespaceId {
        &self.namespace.id
    }

    /// Fails if the store is closed or the namespace was deleted.
    pub(crate) fn check(&self) -> Result<()> {
        self.shared.state.check()?;
        self.namespace.check()
    }

    /// Reads here; again, if the file was opened anew meanwhile, as it is when its disk is full.
    fn read_here<T>(&self, read: impl Fn(&Snapshot, &State) -> Result<T, ReadError>) -> Result<T> {
        let state = &self.shared.state;
        loop {
            let outcome = state.read(|snapshot| {
                self.namespace.check()?;
                match read(snapshot, state) {
                    Err(failure) if failure.is_of_the_file() && state.has_replaced(snapshot) => Ok(None),
                    outcome => outcome.map(Some).map_err(|failure| state.read_error(failure)),
                }
            });
            if let Some(outcome) = outcome? {
                return Ok(outcome);
            }
        }
    }

    /// Reads where it holds up no task. The snapshot is taken there: one that waited for its turn with the call would
    /// keep its pages from being used again.
    async fn read_aside<T: Send + 'static>(
        &self,
        read: impl Fn(&Snapshot, &State) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T> {
        self.check()?;
        let namespace = self.clone();
        blocking::run(move || namespace.read_here(read)).await
    }

    /// The entry under `key` with its version: read here if that is quick.
    async fn find(&self, key: &Key<'_>, metadata: bool) -> Result<Option<(Entry, Version)>> {
        let key = entry_key::encode(self.namespace.number, key.as_str());
        let wanted = Wanted { metadata, direct: true };
        loop {
            let found = if self.shared.cold_reads {
                let key = key.clone();
                self.read_aside(move |snapshot, state| {
                    snapshot.find(&key, wanted, || state.now(), &state.large_values)
                })
                .await?
            } else {
                self.read_here(|snapshot, state| {
                    snapshot.find(&key, wanted, || state.now(), &state.large_values)
                })?
            };
            let Found::Long(long) = found else { return Ok(found.into_entry()) };
            if let Some(found) = self.complete(key.clone(), long, None).await? {
                return Ok(found.into_entry());
            }
            // It was changed or removed meanwhile: what is there now?
        }
    }

    /// The entry with its long value, which is put together on the blocking pool: from the snapshot, or from the latest one
    /// by then. `None` if the entry has another version there.
    async fn complete(
        &self,
        key: EntryKey,
        long: Long,
        snapshot: Option<Arc<Snapshot>>,
    ) -> Result<Option<Found>> {
        let state = &self.shared.state;
        let version = long.version;
        let namespace = self.clone();
        let join = blocking::run(move || match snapshot {
            Some(snapshot) => {
                let state = &namespace.shared.state;
                snapshot
                    .join_version(&key, version, &state.large_values)
                    .map_err(|failure| state.read_error(failure))
            }
            None => namespace
                .read_here(|snapshot, state| snapshot.join_version(&key, version, &state.large_values)),
        });
        match state.joins.run(version, join).await? {
            Joined::Value(bytes) => {
                let found = long.with_value(bytes).map_err(|failure| state.read_error(failure));
                found.map(Some)
            }
            Joined::Gone => Ok(None),
        }
    }

    /// The entries under `keys`, as they are at one moment. What is wrong with one of them is told with its key.
    async fn find_many(&self, keys: Vec<Key<'static>>, options: GetOptions) -> Result<Vec<Option<Entry>>> {
        self.check()?;
        let wanted = Wanted { metadata: options.metadata, direct: true };
        let namespace = self.clone();
        let number = self.namespace.number;
        let encode = move |key: &Key<'_>| entry_key::encode(number, key.as_str());
        let (snapshot, keys, found) = blocking::run(move || {
            let state = &namespace.shared.state;
            let snapshot = state.snapshot()?;
            namespace.namespace.check()?;
            let find = |key: &Key<'static>| {
                let found = snapshot.find(&encode(key), wanted, || state.now(), &state.large_values);
                found.map_err(|failure| state.read_error(failure).with_key(key))
            };
            let found = keys.iter().map(find).collect::<Result<Vec<_>>>()?;
            Ok((snapshot, keys, found))
        })
        .await?;
        let mut entries = Vec::with_capacity(keys.len());
        for (key, mut found) in keys.iter().zip(found) {
            while let Found::Long(long) = found {
                let snapshot = Arc::clone(&snapshot);
                let again = Long::clone(&long);
                let completed = self.complete(encode(key), long, Some(snapshot)).await;
                // A join that somebody else began may have come too late for this moment: then it is done once more.
                found = completed.map_err(|error| error.with_key(key))?.unwrap_or(Found::Long(again));
            }
            entries.push(found.into_entry().map(|(entry, _)| entry));
        }
        Ok(entries)
    }

    /// One page: made here, in steps between which other tasks may run, if reads are quick.
    async fn list(&self, options: ListOptions) -> Result<ListPage> {
        let number = self.namespace.number;
        let begin = move |snapshot: &Snapshot, state: &State| {
            let now = state.now().map_err(ReadError::Clock)?;
            Listing::begin(snapshot, number, &options, now)
        };
        if self.shared.cold_reads {
            return self.read_aside(move |snapshot, state| begin(snapshot, state)?.finish()).await;
        }
        let mut listing = self.read_here(begin)?;
        loop {
            let page = listing.step().await.map_err(|failure| self.shared.state.read_error(failure))?;
            if let Some(page) = page {
                return Ok(page);
            }
        }
    }

    async fn mutate(&self, key: &Key<'_>, expected: Option<Expected>, action: Action) -> Result<Conditional> {
        self.check()?;
        let mutation =
            Mutation { key: entry_key::encode(self.namespace.number, key.as_str()), expected, action };
        let namespace = Arc::clone(&self.namespace);
        self.shared.ask(|answer| Request::Data(Data::One(namespace, mutation, answer))).await
    }
}

impl fmt::Debug for RedbNamespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbNamespace").field("id", self.id()).finish_non_exhaustive()
    }
}

/// Says of an error which operation met it, and on which key.
fn about(operation: &'static str, key: &Key<'_>) -> impl FnOnce(Error) -> Error {
    move |error| error.with_operation(operation).with_key(key)
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl KvNamespace for RedbNamespace {
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        let found = self.find(&key, options.metadata).await.map_err(about("read", &key))?;
        Ok(found.map(|(entry, _)| entry))
    }

    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        let written = self.mutate(&key, None, Action::Write(value, options)).await;
        written.map(drop).map_err(about("write", &key))
    }

    async fn remove(&self, key: Key<'_>) -> Result<()> {
        let removed = self.mutate(&key, None, Action::Remove).await;
        removed.map(drop).map_err(about("remove", &key))
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        self.list(options).await.map_err(|error| error.with_operation("list_page"))
    }

    async fn read_many(&self, keys: Vec<Key<'static>>, options: GetOptions) -> Result<Vec<Option<Entry>>> {
        self.find_many(keys, options).await.map_err(|error| error.with_operation("read_many"))
    }

    async fn write_many(&self, entries: Vec<PutEntry>) -> Result<BulkReport> {
        let items = entries.into_iter().map(|entry| (entry.key, Action::Write(entry.value, entry.options)));
        self.bulk("write_many", items.collect()).await
    }

    async fn remove_many(&self, keys: Vec<Key<'static>>) -> Result<BulkReport> {
        let items = keys.into_iter().map(|key| (key, Action::Remove));
        self.bulk("remove_many", items.collect()).await
    }

    fn into_atomic(self: Arc<Self>) -> Option<Arc<dyn AtomicKv>> {
        Some(self)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl AtomicKv for RedbNamespace {
    async fn read_versioned(&self, key: Key<'_>) -> Result<Option<(Entry, Version)>> {
        self.find(&key, true).await.map_err(about("read_versioned", &key))
    }

    async fn write_if(
        &self,
        key: Key<'_>,
        expected: Expected,
        value: Value,
        options: PutOptions,
    ) -> Result<Conditional> {
        let written = self.mutate(&key, Some(expected), Action::Write(value, options)).await;
        written.map_err(about("write_if", &key))
    }

    async fn remove_if(&self, key: Key<'_>, expected: Version) -> Result<Conditional> {
        let removed = self.mutate(&key, Some(expected.into()), Action::Remove).await;
        removed.map_err(about("remove_if", &key))
    }
}
