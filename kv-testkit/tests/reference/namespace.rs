//! Namespace of the reference backend, in a `BTreeMap`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use kv_core::{
    AtomicKv, BulkReport, Clock, Entry, Error, ErrorKind, Expected, GetOptions, Key, KvNamespace,
    ListOptions, ListPage, Metadata, PutEntry, PutOptions, Result, Timestamp, Value, Version, async_trait,
};
use kv_testkit::ManualClock;
use tokio::task::yield_now;

use super::{Defect, pages};

#[derive(Debug, Clone)]
pub(crate) struct Reference {
    clock: ManualClock,
    start: Timestamp,
    defect: Option<Defect>,
    closed: Arc<AtomicBool>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default, Clone)]
pub(crate) struct State {
    pub(crate) slots: BTreeMap<String, (Entry, Version)>,
    last_version: u64,
    pub(crate) deleted: bool,
    /// Metadata of removed entries, for [`Defect::KeepsRemovedMetadata`].
    removed: BTreeMap<String, Metadata>,
}

impl Reference {
    pub(crate) fn new(clock: ManualClock, defect: Option<Defect>) -> Self {
        Self { start: clock.now(), clock, defect, closed: Arc::default(), state: Arc::default() }
    }

    /// Returns a copy that shares no entry with this namespace.
    pub(crate) fn copy(&self) -> Self {
        Self { state: Arc::new(Mutex::new(self.state().clone())), ..self.clone() }
    }

    pub(crate) fn closed_with(mut self, closed: &Arc<AtomicBool>) -> Self {
        self.closed = Arc::clone(closed);
        self
    }

    pub(crate) fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn open(&self) -> Result<MutexGuard<'_, State>> {
        if self.closed.load(Ordering::SeqCst) && !self.has(Defect::CloseDoesNothing) {
            return Err(Error::new(ErrorKind::Closed, "reference", "the store is closed"));
        }
        let state = self.state();
        if state.deleted && !self.has(Defect::DeletedNamespaceWorks) {
            return Err(Error::new(
                ErrorKind::NamespaceNotFound,
                "reference",
                "the namespace was deleted or never existed",
            ));
        }
        Ok(state)
    }

    pub(crate) fn sweep(&self) {
        self.state().slots.retain(|_, (entry, _)| self.is_live(entry) || self.has(Defect::SweepsNothing));
    }

    pub(crate) fn is_live(&self, entry: &Entry) -> bool {
        let passed = |expires_at: Timestamp| match self.defect {
            Some(Defect::IgnoresTtl) => false,
            Some(Defect::ExpiresOneSecondLate) => expires_at < self.clock.now(),
            Some(Defect::ExpiresOneSecondEarly) => expires_at.as_secs() <= self.clock.now().as_secs() + 1,
            _ => expires_at.has_passed(self.clock.now()),
        };
        !entry.expires_at.is_some_and(passed)
    }

    fn name(&self, key: &Key<'_>) -> String {
        match self.defect {
            Some(Defect::DecodesKeys) => key.as_str().replace("%2F", "/"),
            Some(Defect::IgnoresCaseOfKeys) => key.as_str().to_lowercase(),
            Some(Defect::TrimsKeys) => key.as_str().trim().to_owned(),
            Some(Defect::TruncatesKeys) => key.as_str().chars().scan(0, truncate_at(500)).collect(),
            _ => key.as_str().to_owned(),
        }
    }

    /// Returns the live entry under `key`, with its metadata.
    pub(crate) fn find(&self, state: &State, key: &Key<'_>) -> Option<(Entry, Version)> {
        let slot = state.slots.get(&self.name(key)).filter(|(entry, _)| self.is_live(entry))?;
        let hidden = self.has(Defect::EmptyValueIsAbsent) && slot.0.value.is_empty();
        (!hidden).then(|| slot.clone())
    }

    pub(crate) fn entry(&self, value: Value, options: &PutOptions) -> Result<Entry> {
        let value =
            if self.has(Defect::KeepsValuesAsText) { Value::new(&*value.to_text_lossy())? } else { value };
        let start = if self.has(Defect::TtlCountsFromTheStart) { self.start } else { self.clock.now() };
        let mut entry = Entry::new(value)
            .with_metadata(options.metadata.clone())
            .with_expires_at(options.expires_at(start));
        match self.defect {
            Some(Defect::EveryEntryExpires) => entry.expires_at = entry.expires_at.or(Some(Timestamp::MAX)),
            Some(Defect::EveryEntryHasMetadata) => {
                entry.metadata = entry.metadata.or(Some(Metadata::new(&0)?));
            }
            Some(Defect::ExpiryIn32Bits) => {
                let last = Timestamp::from_secs(u32::MAX.into())?;
                entry.expires_at = entry.expires_at.map(|expires_at| expires_at.min(last));
            }
            _ => {}
        }
        Ok(entry)
    }

    pub(crate) fn insert(&self, state: &mut State, key: &Key<'_>, mut entry: Entry) -> Version {
        let name = self.name(key);
        state.last_version += 1;
        let mut version = Version::new(state.last_version);
        if let Some((old, old_version)) = state.slots.get(&name) {
            match self.defect {
                Some(Defect::KeepsOldMetadata) if entry.metadata.is_none() => {
                    entry.metadata.clone_from(&old.metadata);
                }
                Some(Defect::KeepsOldExpiration) if entry.expires_at.is_none() => {
                    entry.expires_at = old.expires_at;
                }
                Some(Defect::PlainWriteKeepsVersion) => version = *old_version,
                Some(Defect::WritesOnce) => return *old_version,
                _ => {}
            }
        }
        if self.has(Defect::KeepsRemovedMetadata) && entry.metadata.is_none() {
            entry.metadata = state.removed.get(&name).cloned();
        }
        state.slots.insert(name, (entry, version));
        version
    }

    pub(crate) fn take(&self, state: &mut State, key: &Key<'_>) -> Version {
        let name = self.name(key);
        let metadata = state.slots.remove(&name).and_then(|(entry, _)| entry.metadata);
        state.removed.extend(metadata.map(|metadata| (name, metadata)));
        state.last_version = if self.has(Defect::VersionsStartAgain) { 0 } else { state.last_version + 1 };
        Version::new(state.last_version)
    }

    pub(crate) fn holds(&self, state: &State, key: &Key<'_>, expected: Expected) -> bool {
        let current = match self.defect {
            Some(Defect::IgnoresExpectation) => return true,
            Some(Defect::ExpiredIsPresentForWriteIf) => state.slots.get(&self.name(key)).map(|slot| slot.1),
            _ => self.find(state, key).map(|slot| slot.1),
        };
        expected.holds(current)
    }
}

/// Returns a filter that keeps characters while their bytes fit into `max`.
fn truncate_at(max: usize) -> impl FnMut(&mut usize, char) -> Option<char> {
    move |len, character| {
        *len += character.len_utf8();
        (*len <= max).then_some(character)
    }
}

pub(crate) fn broken() -> Error {
    Error::new(ErrorKind::Other, "reference", "broken on purpose")
}

#[async_trait]
impl KvNamespace for Reference {
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        yield_now().await;
        let found = self.find(&*self.open()?, &key).map(|(entry, _)| entry);
        if self.has(Defect::ReadsOnce) {
            self.take(&mut *self.open()?, &key);
        }
        let filled = match self.defect {
            Some(Defect::AlwaysFillsMetadata) => true,
            Some(Defect::NeverFillsMetadata) => false,
            _ => options.metadata,
        };
        Ok(found.map(|entry| if filled { entry } else { entry.with_metadata(None) }))
    }

    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        yield_now().await;
        let entry = self.entry(value, &options)?;
        if self.has(Defect::WritesInTwoSteps) {
            self.insert(&mut *self.open()?, &key, entry.clone().with_metadata(None));
            yield_now().await;
        }
        self.insert(&mut *self.open()?, &key, entry);
        yield_now().await;
        Ok(())
    }

    async fn remove(&self, key: Key<'_>) -> Result<()> {
        yield_now().await;
        let found = self.find(&*self.open()?, &key);
        if found.is_none() && self.has(Defect::RemovalOfAbsentKeyFails) {
            return Err(broken());
        }
        if let Some((entry, _)) = found.filter(|_| self.has(Defect::RemovesInTwoSteps)) {
            self.insert(&mut *self.open()?, &key, entry.with_metadata(None));
            yield_now().await;
        }
        self.take(&mut *self.open()?, &key);
        yield_now().await;
        Ok(())
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        yield_now().await;
        pages::page(self, &options)
    }

    async fn read_many(
        &self,
        mut keys: Vec<Key<'static>>,
        options: GetOptions,
    ) -> Result<Vec<Option<Entry>>> {
        if self.has(Defect::ReadsEachKeyOnce) {
            let mut seen = BTreeSet::new();
            keys.retain(|key| seen.insert(key.clone()));
        }
        if self.has(Defect::LimitsBulkReads) && keys.len() > 1000 {
            return Err(broken());
        }
        let mut entries = Vec::with_capacity(keys.len());
        for key in keys {
            entries.push(self.read(key, options).await?);
        }
        Ok(entries)
    }

    async fn write_many(&self, mut entries: Vec<PutEntry>) -> Result<BulkReport> {
        if self.has(Defect::FirstOfEqualKeysWins) {
            entries.reverse();
        }
        if self.has(Defect::EmptyBulkCallFails) && entries.is_empty() {
            return Err(broken());
        }
        let mut report = BulkReport::default();
        for (index, PutEntry { key, value, options, .. }) in entries.into_iter().enumerate() {
            let outcome = self.write(key.as_borrowed(), value, options).await;
            report.add_outcome(index, &key, outcome);
        }
        Ok(report)
    }

    async fn remove_many(&self, keys: Vec<Key<'static>>) -> Result<BulkReport> {
        let left = keys.len().checked_sub(1).filter(|_| self.has(Defect::BulkRemovalLeavesLast));
        let mut report = BulkReport::default();
        for (index, key) in keys.iter().enumerate() {
            let outcome = if left == Some(index) { Ok(()) } else { self.remove(key.as_borrowed()).await };
            report.add_outcome(index, key, outcome);
        }
        Ok(report)
    }

    fn into_atomic(self: Arc<Self>) -> Option<Arc<dyn AtomicKv>> {
        Some(self)
    }
}
