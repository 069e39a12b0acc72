//! A namespace in memory that tells a test what was asked of it, and that a test can make fail.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use kv_core::{
    AtomicKv, Conditional, Cursor, Entry, Error, ErrorKind, Expected, GetOptions, Key, KeyInfo, KvNamespace,
    ListOptions, ListPage, PutOptions, Result, Timestamp, Value, Version, async_trait,
};

/// Action that a watched namespace runs right before a conditional write.
pub(crate) type Interference = Box<dyn FnOnce(&Watched) + Send>;

/// A namespace whose calls a test can read, with the four required methods and conditional writes, and
/// nothing else.
#[derive(Default)]
pub(crate) struct Watched {
    entries: Mutex<BTreeMap<Key<'static>, (Entry, Version)>>,
    versions: AtomicU64,
    calls: Mutex<Vec<String>>,
    interference: Mutex<VecDeque<Interference>>,
}

impl Watched {
    /// The time at which every write is applied.
    pub(crate) const NOW: Timestamp = Timestamp::EPOCH;

    /// A namespace that fails for every key with `broken` in it.
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The calls since the last time that a test asked.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    /// Has `interference` come between, right before the next conditional write that has none yet.
    pub(crate) fn interfere(&self, interference: impl FnOnce(&Self) + Send + 'static) {
        self.interference.lock().unwrap().push_back(Box::new(interference));
    }

    /// Writes `text` under `key` without a call.
    pub(crate) fn set(&self, key: &'static str, text: &'static str) {
        self.store(&Key::from_static(key), Entry::new(Value::new(text).unwrap()));
    }

    /// Removes `key` without a call.
    pub(crate) fn unset(&self, key: &'static str) {
        self.entries.lock().unwrap().remove(&Key::from_static(key));
    }

    /// The entry under `key`, without a call.
    pub(crate) fn peek(&self, key: &str) -> Option<Entry> {
        self.entry(&Key::new(key).unwrap()).map(|(entry, _)| entry)
    }

    /// The text under `key`, without a call.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.peek(key).map(|entry| entry.value.into_text().unwrap())
    }

    fn entry(&self, key: &Key<'_>) -> Option<(Entry, Version)> {
        self.entries.lock().unwrap().get(&key.clone().into_owned()).cloned()
    }

    fn store(&self, key: &Key<'_>, entry: Entry) -> Version {
        let version = self.next_version();
        self.entries.lock().unwrap().insert(key.clone().into_owned(), (entry, version));
        version
    }

    fn next_version(&self) -> Version {
        Version::new(self.versions.fetch_add(1, Ordering::SeqCst))
    }

    fn called(&self, call: &'static str, key: &Key<'_>) -> Result<()> {
        self.calls.lock().unwrap().push(format!("{call} {key}"));
        if key.as_str().contains("broken") {
            return Err(
                Error::new(ErrorKind::Unavailable, "watched", "the key is broken").with_operation(call)
            );
        }
        Ok(())
    }

    fn let_others_interfere(&self) {
        let interference = self.interference.lock().unwrap().pop_front();
        if let Some(interference) = interference {
            interference(self);
        }
    }
}

impl std::fmt::Debug for Watched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

fn to_entry(value: Value, options: &PutOptions) -> Entry {
    Entry::new(value)
        .with_metadata(options.metadata.clone())
        .with_expires_at(options.expires_at(Watched::NOW))
}

#[async_trait]
impl KvNamespace for Watched {
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        let call = match (options.metadata, options.text) {
            (false, false) => "read",
            (true, false) => "read with metadata",
            (false, true) => "read text",
            (true, true) => "read text with metadata",
        };
        self.called(call, &key)?;
        Ok(self.entry(&key).map(|(entry, _)| {
            let metadata = entry.metadata.clone().filter(|_| options.metadata);
            entry.with_metadata(metadata)
        }))
    }

    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        self.called("write", &key)?;
        self.store(&key, to_entry(value, &options));
        Ok(())
    }

    async fn remove(&self, key: Key<'_>) -> Result<()> {
        self.called("remove", &key)?;
        self.entries.lock().unwrap().remove(&key.into_owned());
        Ok(())
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        let start = options.start()?.map(str::to_owned);
        self.calls.lock().unwrap().push(format!("list_page {}", options.prefix()));
        let entries = self.entries.lock().unwrap();
        let mut keys: Vec<KeyInfo> = entries
            .iter()
            .filter(|(key, _)| options.prefix().matches(key.as_str()))
            .filter(|(key, _)| start.as_deref().is_none_or(|start| key.as_str() > start))
            .take(options.limit() + 1)
            .map(|(key, (entry, _))| {
                KeyInfo::new(key.clone())
                    .with_metadata(entry.metadata.clone())
                    .with_expires_at(entry.expires_at)
            })
            .collect();
        let more = keys.len() > options.limit();
        keys.truncate(options.limit());
        let next = keys.last().filter(|_| more).map(|last| Cursor::after(options.prefix(), &last.name));
        Ok(ListPage::new(keys, next))
    }

    fn into_atomic(self: Arc<Self>) -> Option<Arc<dyn AtomicKv>> {
        Some(self)
    }
}

#[async_trait]
impl AtomicKv for Watched {
    async fn read_versioned(&self, key: Key<'_>) -> Result<Option<(Entry, Version)>> {
        self.called("read_versioned", &key)?;
        Ok(self.entry(&key))
    }

    async fn write_if(
        &self,
        key: Key<'_>,
        expected: Expected,
        value: Value,
        options: PutOptions,
    ) -> Result<Conditional> {
        self.called("write_if", &key)?;
        self.let_others_interfere();
        if !expected.holds(self.entry(&key).map(|(_, version)| version)) {
            return Ok(Conditional::Conflict);
        }
        Ok(Conditional::Applied(self.store(&key, to_entry(value, &options))))
    }

    async fn remove_if(&self, key: Key<'_>, expected: Version) -> Result<Conditional> {
        self.called("remove_if", &key)?;
        self.let_others_interfere();
        if !Expected::Version(expected).holds(self.entry(&key).map(|(_, version)| version)) {
            return Ok(Conditional::Conflict);
        }
        self.entries.lock().unwrap().remove(&key.into_owned());
        Ok(Conditional::Applied(self.next_version()))
    }
}
