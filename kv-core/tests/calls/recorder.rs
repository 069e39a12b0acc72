//! A namespace and store that has every method of the traits of its own, and records which were called.

use std::sync::{Arc, Mutex};

use kv_core::{
    AtomicKv, BulkReport, Conditional, Cursor, Entry, Expected, GetOptions, Jurisdiction, Key, KeyInfo,
    KvNamespace, KvStore, ListOptions, ListPage, NamespaceId, NamespaceInfo, NamespaceTitle, PutEntry,
    PutOptions, Result, Value, Version, async_trait,
};

/// Log of the calls of a [`Recorder`]: name and arguments of each.
#[derive(Debug, Default, Clone)]
pub(crate) struct Recorder(Arc<Mutex<Vec<String>>>);

impl Recorder {
    fn record(&self, call: String) {
        self.0.lock().unwrap().push(call);
    }

    /// The calls since the last time that a test asked.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn names<'a>(keys: impl IntoIterator<Item = &'a Key<'static>>) -> String {
    keys.into_iter().map(Key::as_str).collect::<Vec<_>>().join(",")
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl KvNamespace for Recorder {
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        self.record(format!("read {key} {}", options.metadata));
        Ok(Some(Entry::new(Value::new(key.as_str())?)))
    }

    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        self.record(format!("write {key} {} {}", value.text()?, options.metadata.is_some()));
        Ok(())
    }

    async fn remove(&self, key: Key<'_>) -> Result<()> {
        self.record(format!("remove {key}"));
        Ok(())
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        self.record(format!("list_page {} {}", options.prefix(), options.limit()));
        let key = KeyInfo::new(Key::from_static("listed"));
        Ok(ListPage::new(vec![key], Some(Cursor::issue(options.prefix(), "next"))))
    }

    async fn read_many(&self, keys: Vec<Key<'static>>, options: GetOptions) -> Result<Vec<Option<Entry>>> {
        self.record(format!("read_many {} {}", names(&keys), options.text));
        Ok(vec![None; keys.len()])
    }

    async fn write_many(&self, entries: Vec<PutEntry>) -> Result<BulkReport> {
        self.record(format!("write_many {}", names(entries.iter().map(|entry| &entry.key))));
        Ok(BulkReport::new(100 + entries.len()))
    }

    async fn remove_many(&self, keys: Vec<Key<'static>>) -> Result<BulkReport> {
        self.record(format!("remove_many {}", names(&keys)));
        Ok(BulkReport::new(200 + keys.len()))
    }

    fn into_atomic(self: Arc<Self>) -> Option<Arc<dyn AtomicKv>> {
        self.record("into_atomic".to_owned());
        Some(self)
    }
}

#[async_trait]
impl AtomicKv for Recorder {
    async fn read_versioned(&self, key: Key<'_>) -> Result<Option<(Entry, Version)>> {
        self.record(format!("read_versioned {key}"));
        Ok(Some((Entry::new(Value::new(key.as_str())?), Version::new(7))))
    }

    async fn write_if(
        &self,
        key: Key<'_>,
        expected: Expected,
        value: Value,
        options: PutOptions,
    ) -> Result<Conditional> {
        let metadata = options.metadata.is_some();
        self.record(format!("write_if {key} {expected:?} {} {metadata}", value.text()?));
        Ok(Conditional::Applied(Version::new(8)))
    }

    async fn remove_if(&self, key: Key<'_>, expected: Version) -> Result<Conditional> {
        self.record(format!("remove_if {key} {}", expected.as_u64()));
        Ok(Conditional::Conflict)
    }
}

fn info(id: &str, title: &str) -> Result<NamespaceInfo> {
    Ok(NamespaceInfo::new(id.parse()?, title.parse()?))
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl KvStore for Recorder {
    async fn create_namespace(&self, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.record(format!("create_namespace {title}"));
        info("created", title.as_str())
    }

    async fn create_namespace_in(
        &self,
        title: NamespaceTitle,
        jurisdiction: Jurisdiction,
    ) -> Result<NamespaceInfo> {
        self.record(format!("create_namespace_in {title} {jurisdiction}"));
        Ok(info("created", title.as_str())?.with_jurisdiction(jurisdiction))
    }

    async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>> {
        self.record("list_namespaces".to_owned());
        Ok(vec![info("listed", "title")?])
    }

    async fn namespace_info(&self, id: &NamespaceId) -> Result<NamespaceInfo> {
        self.record(format!("namespace_info {id}"));
        info(id.as_str(), "title")
    }

    async fn rename_namespace(&self, id: &NamespaceId, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.record(format!("rename_namespace {id} {title}"));
        info(id.as_str(), title.as_str())
    }

    async fn delete_namespace(&self, id: &NamespaceId) -> Result<()> {
        self.record(format!("delete_namespace {id}"));
        Ok(())
    }

    fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace> {
        self.record(format!("namespace {id}"));
        Arc::new(self.clone())
    }

    async fn check_ready(&self) -> Result<()> {
        self.record("check_ready".to_owned());
        Ok(())
    }

    async fn close(&self) -> Result<()> {
        self.record("close".to_owned());
        Ok(())
    }
}
