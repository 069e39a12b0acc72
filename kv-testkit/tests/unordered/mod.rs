//! Namespaces with defects that only concurrent or dropped calls show.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::FutureExt;
use kv_core::{
    AtomicKv, BulkReport, Conditional, Entry, Expected, Expiration, GetOptions, Key, KvNamespace,
    ListOptions, ListPage, PutEntry, PutOptions, Result, Value, Version, async_trait,
};
use kv_memory::MemoryNamespace;
use tokio::task::yield_now;

/// Defect of a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disorder {
    /// No defect: reads and writes yield before and after they take effect.
    None,
    /// Some reads are answered from a cache that writes do not update.
    StaleReads,
    /// Some listings are answered from such a cache.
    StaleListings,
    /// A conditional write compares first and writes later.
    LostUpdates,
    /// A write is answered before it is applied.
    AnsweredTooEarly,
    /// A dropped write is undone after it was visible.
    DroppedWritesFlicker,
    /// A dropped write is applied a second time later.
    DroppedWritesRepeat,
    /// A dropped write has set the value but not the metadata.
    DroppedWritesTear,
    /// A bulk write is answered after its first entry is applied.
    BulkAnsweredTooEarly,
    /// A dropped conditional write is applied later without its condition.
    DroppedConditionsForgotten,
    /// Some conditional writes are conflicts although their condition holds.
    FalseConflicts,
    /// Versions are used again.
    VersionsRepeat,
}

/// Parts of failure messages. The part may depend on the call that meets the disorder first.
const CONTRADICTS: &str = "<-- contradicts";
const TORN: &str = "with other metadata or another expiry than it set";
const TORN_LISTING: &str = "metadata or an expiry that no write set";
const TWO_VERSIONS: &str = "with two versions";
const SAME_VERSION: &str = "took the same version";

/// Every disorder, with the parts of which its message has one.
pub(crate) const ALL: &[(Disorder, &[&str])] = &[
    (Disorder::StaleReads, &[CONTRADICTS]),
    (Disorder::StaleListings, &[CONTRADICTS]),
    (Disorder::LostUpdates, &[CONTRADICTS, TWO_VERSIONS, SAME_VERSION]),
    (Disorder::AnsweredTooEarly, &[CONTRADICTS]),
    (Disorder::DroppedWritesFlicker, &[CONTRADICTS, TWO_VERSIONS]),
    (Disorder::DroppedWritesRepeat, &[CONTRADICTS, TWO_VERSIONS]),
    (Disorder::DroppedWritesTear, &[TORN, TORN_LISTING, CONTRADICTS, TWO_VERSIONS]),
    (Disorder::BulkAnsweredTooEarly, &[CONTRADICTS]),
    (Disorder::DroppedConditionsForgotten, &[CONTRADICTS]),
    (Disorder::FalseConflicts, &[CONTRADICTS]),
    (Disorder::VersionsRepeat, &[SAME_VERSION, CONTRADICTS, TWO_VERSIONS]),
];

/// A namespace in memory with a disorder.
#[derive(Debug)]
pub(crate) struct Unordered {
    inner: MemoryNamespace,
    disorder: Disorder,
    calls: AtomicUsize,
    /// Last answers to reads, and in `listed` to listings.
    seen: Mutex<HashMap<String, Option<Entry>>>,
    listed: Mutex<HashMap<String, ListPage>>,
}

impl Unordered {
    pub(crate) fn new(inner: MemoryNamespace, disorder: Disorder) -> Self {
        Self { inner, disorder, calls: AtomicUsize::new(0), seen: Mutex::default(), listed: Mutex::default() }
    }

    fn is(&self, disorder: Disorder) -> bool {
        self.disorder == disorder
    }

    /// `true` once per five calls.
    fn is_fifth_call(&self) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed).is_multiple_of(5)
    }

    fn version(&self, version: Version) -> Version {
        if self.is(Disorder::VersionsRepeat) { Version::new(version.as_u64() % 3) } else { version }
    }
}

/// Work that is done if a call is dropped before it ends.
struct OnDrop<F: FnMut()> {
    work: F,
    is_done: bool,
}

impl<F: FnMut()> OnDrop<F> {
    fn new(work: F) -> Self {
        Self { work, is_done: false }
    }
}

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if !self.is_done {
            (self.work)();
        }
    }
}

/// Spawns `work`, which begins after other tasks had some turns.
fn later(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(async move {
        for _ in 0..20 {
            yield_now().await;
        }
        work.await;
    });
}

#[async_trait]
impl KvNamespace for Unordered {
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        if self.is(Disorder::None) {
            yield_now().await;
            let entry = self.inner.read(key, options).await;
            yield_now().await;
            return entry;
        }
        if !self.is(Disorder::StaleReads) {
            return self.inner.read(key, options).await;
        }
        let name = format!("{} {}", key.as_str(), options.metadata);
        let stale = self.seen.lock().unwrap().get(&name).cloned();
        if let Some(stale) = stale.filter(|_| self.is_fifth_call()) {
            return Ok(stale);
        }
        let entry = self.inner.read(key, options).await?;
        self.seen.lock().unwrap().insert(name, entry.clone());
        Ok(entry)
    }

    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        let inner = self.inner.clone();
        let key = key.into_owned();
        match self.disorder {
            Disorder::None => {
                yield_now().await;
                self.inner.write(key, value, options).await?;
                yield_now().await;
                Ok(())
            }
            Disorder::AnsweredTooEarly if self.is_fifth_call() => {
                later(async move { inner.write(key, value, options).await.unwrap() });
                Ok(())
            }
            Disorder::DroppedWritesFlicker => {
                let before = self.inner.read(key.clone(), GetOptions::default().with_metadata(true)).await?;
                self.inner.write(key.clone(), value, options).await?;
                let mut undo = OnDrop::new(move || {
                    let undone = before.clone();
                    finish(async {
                        match undone {
                            Some(entry) => {
                                let options =
                                    PutOptions::from(Expiration::of(&entry)).with_metadata(entry.metadata);
                                inner.write(key.clone(), entry.value, options).await.unwrap();
                            }
                            None => inner.remove(key.clone()).await.unwrap(),
                        }
                    });
                });
                yield_now().await;
                undo.is_done = true;
                Ok(())
            }
            Disorder::DroppedWritesRepeat => {
                self.inner.write(key.clone(), value.clone(), options.clone()).await?;
                let mut repeat = OnDrop::new(move || {
                    let inner = inner.clone();
                    let key = key.clone();
                    let value = value.clone();
                    let options = options.clone();
                    later(async move { inner.write(key, value, options).await.unwrap() });
                });
                yield_now().await;
                repeat.is_done = true;
                Ok(())
            }
            Disorder::DroppedWritesTear => {
                let before = self.inner.read(key.clone(), GetOptions::default().with_metadata(true)).await?;
                let old = before.and_then(|entry| entry.metadata);
                let torn = PutOptions::from(options.expiration).with_metadata(old);
                self.inner.write(key.clone(), value.clone(), torn).await?;
                yield_now().await;
                self.inner.write(key, value, options).await
            }
            _ => self.inner.write(key, value, options).await,
        }
    }

    async fn remove(&self, key: Key<'_>) -> Result<()> {
        self.inner.remove(key).await
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        let name = options.prefix().as_str().to_owned();
        let stale = self.listed.lock().unwrap().get(&name).cloned();
        if let Some(stale) = stale.filter(|_| self.is(Disorder::StaleListings) && self.is_fifth_call()) {
            return Ok(stale);
        }
        let page = self.inner.list_page(options).await?;
        self.listed.lock().unwrap().insert(name, page.clone());
        Ok(page)
    }

    async fn write_many(&self, mut entries: Vec<PutEntry>) -> Result<BulkReport> {
        if !self.is(Disorder::BulkAnsweredTooEarly) {
            return self.inner.write_many(entries).await;
        }
        let count = entries.len();
        let inner = self.inner.clone();
        let rest = entries.split_off(count.min(1));
        _ = self.inner.write_many(entries).await?;
        later(async move { _ = inner.write_many(rest).await.unwrap() });
        Ok(BulkReport::new(count))
    }

    fn into_atomic(self: Arc<Self>) -> Option<Arc<dyn AtomicKv>> {
        Some(self)
    }
}

/// Runs a future of the namespace in memory, which is ready on its first poll.
fn finish(future: impl Future<Output = ()>) {
    future.now_or_never().unwrap();
}

#[async_trait]
impl AtomicKv for Unordered {
    async fn read_versioned(&self, key: Key<'_>) -> Result<Option<(Entry, Version)>> {
        let found = self.inner.read_versioned(key).await?;
        Ok(found.map(|(entry, version)| (entry, self.version(version))))
    }

    async fn write_if(
        &self,
        key: Key<'_>,
        expected: Expected,
        value: Value,
        options: PutOptions,
    ) -> Result<Conditional> {
        match self.disorder {
            Disorder::LostUpdates => {
                let found = self.inner.read_versioned(key.as_borrowed()).await?;
                if !expected.holds(found.map(|(_, version)| version)) {
                    return Ok(Conditional::Conflict);
                }
                yield_now().await;
                self.inner.write(key.as_borrowed(), value, options).await?;
                let written = self.inner.read_versioned(key).await?;
                Ok(Conditional::Applied(written.map_or(Version::new(u64::MAX), |(_, version)| version)))
            }
            Disorder::DroppedConditionsForgotten => {
                let inner = self.inner.clone();
                let key = key.into_owned();
                let without_condition = (inner.clone(), key.clone(), value.clone(), options.clone());
                let mut write = OnDrop::new(move || {
                    let (inner, key, value, options) = without_condition.clone();
                    later(async move { inner.write(key, value, options).await.unwrap() });
                });
                yield_now().await;
                write.is_done = true;
                inner.write_if(key, expected, value, options).await
            }
            Disorder::FalseConflicts if self.is_fifth_call() => Ok(Conditional::Conflict),
            Disorder::VersionsRepeat => {
                let found = self.inner.read_versioned(key.as_borrowed()).await?;
                let holds = expected.holds(found.as_ref().map(|(_, version)| self.version(*version)));
                if !holds {
                    return Ok(Conditional::Conflict);
                }
                let current = found.map_or(Expected::Absent, |(_, version)| Expected::Version(version));
                Ok(match self.inner.write_if(key, current, value, options).await? {
                    Conditional::Applied(version) => Conditional::Applied(self.version(version)),
                    Conditional::Conflict => Conditional::Conflict,
                })
            }
            _ => self.inner.write_if(key, expected, value, options).await,
        }
    }

    async fn remove_if(&self, key: Key<'_>, expected: Version) -> Result<Conditional> {
        self.inner.remove_if(key, expected).await
    }
}
