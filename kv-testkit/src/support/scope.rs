//! Scope of a case in a namespace: its own keys.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use kv_core::{
    Cursor, Entry, GetOptions, Key, KeyInfo, KvNamespace, ListOptions, ListPage, Prefix, PutEntry, Value,
    prelude::KvNamespaceExt,
};
use uuid::Uuid;

use crate::support::subject::Subject;

/// Scope of a case: keys that contain its random text, and checks of them. `clean` removes the keys.
pub(crate) struct Scope {
    namespace: Arc<dyn KvNamespace>,
    id: String,
    keys: Mutex<BTreeSet<String>>,
}

/// Number of pages after which a listing counts as endless.
const MAX_PAGES: usize = 10_000;

impl Scope {
    pub(crate) fn new(subject: &Subject) -> Self {
        Self::within(subject.namespace())
    }

    pub(crate) fn within(namespace: &Arc<dyn KvNamespace>) -> Self {
        let id = Uuid::new_v4().simple().to_string() + ":";
        Self { namespace: Arc::clone(namespace), id, keys: Mutex::default() }
    }

    /// Returns the random text that every key of the scope contains, most of them at the start.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Returns the key `name`, with the scope's text before it.
    pub(crate) fn key(&self, name: &str) -> Key<'static> {
        self.own([self.id(), name].concat())
    }

    /// Adds a key that contains the scope's text elsewhere.
    pub(crate) fn own(&self, key: String) -> Key<'static> {
        self.keys.lock().unwrap().insert(key.clone());
        Key::new(key).expect("the suite's keys are valid")
    }

    pub(crate) fn prefix(&self, name: &str) -> Prefix {
        Prefix::new([self.id(), name].concat()).expect("the suite's prefixes are valid")
    }

    /// Returns options that list the scope with `limit` keys per page.
    pub(crate) fn pages_of(&self, limit: usize) -> ListOptions {
        ListOptions::from(self.prefix("")).with_limit(limit).expect("the suite's limits are valid")
    }

    /// Writes `names`, each with itself as its value, and returns them in ascending order.
    pub(crate) async fn fill(&self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<String> {
        let names: BTreeSet<String> = names.into_iter().map(|name| name.as_ref().to_owned()).collect();
        let entry =
            |name: &String| PutEntry::new(self.key(name), name).expect("the suite's entries are valid");
        // In mixed order, or a listing in the order of the writes would look sorted.
        let even = names.iter().step_by(2);
        let odd = names.iter().skip(1).step_by(2);
        let report = self.namespace.put_many(odd.chain(even).map(entry)).await.unwrap();
        assert_eq!(report.into_result().unwrap(), names.len(), "a bulk write counts what it applied");
        names.into_iter().collect()
    }

    /// Returns every key that `options` list, with the checks that hold for all listings.
    pub(crate) async fn list(&self, mut options: ListOptions) -> Vec<KeyInfo> {
        let mut listed = Vec::<KeyInfo>::new();
        for _ in 0..MAX_PAGES {
            let page = self.namespace.list_page(options.clone()).await.unwrap();
            assert!(page.keys.len() <= options.limit(), "a page holds at most its limit of keys");
            for key in page.keys {
                let last = listed.last().map(|key| &key.name);
                assert!(last < Some(&key.name), "keys come in ascending order of their bytes, each once");
                assert!(options.prefix().matches(key.name.as_str()), "a listed key starts with the prefix");
                listed.push(key);
            }
            let Some(next) = page.next else { return listed };
            options = options.with_cursor(next);
        }
        panic!("a listing ends, and this one has more than {MAX_PAGES} pages");
    }

    /// Returns the first page that holds a key, and the cursor to the rest of the listing.
    pub(crate) async fn first_page(&self, mut options: ListOptions) -> (ListPage, Cursor) {
        // An empty page may come first.
        for _ in 0..MAX_PAGES {
            let page = self.namespace.list_page(options.clone()).await.unwrap();
            let next = page.next.clone().expect("a page that is not the last one has a cursor");
            if !page.keys.is_empty() {
                return (page, next);
            }
            options = options.with_cursor(next);
        }
        panic!("a listing gives the keys that are left, and this one gave {MAX_PAGES} empty pages");
    }

    /// Returns the names that `options` list, without the scope's text.
    pub(crate) async fn names(&self, options: impl Into<ListOptions>) -> Vec<String> {
        self.list(options.into()).await.iter().map(|key| self.name(key)).collect()
    }

    /// Returns the name of a listed key, without the scope's text.
    pub(crate) fn name(&self, key: &KeyInfo) -> String {
        let name = key.name.as_str().strip_prefix(self.id());
        name.expect("a listed key starts with the prefix").to_owned()
    }

    /// Checks that every way of reading `key` returns `expected`, because of the rule `why`.
    pub(crate) async fn check(&self, key: &Key<'_>, expected: Option<&Entry>, why: &str) {
        let plain = GetOptions::default();
        let full = GetOptions::default().with_metadata(true);
        let bare = expected.cloned().map(|entry| entry.with_metadata(None));
        let keys = || vec![key.clone().into_owned()];

        let read = self.namespace.read(key.as_borrowed(), plain).await.unwrap();
        assert_eq!(read, bare, "{why} (read)");
        let read = self.namespace.read(key.as_borrowed(), full).await.unwrap();
        assert_eq!(read.as_ref(), expected, "{why} (read, with metadata)");
        let read = self.namespace.read_many(keys(), plain).await.unwrap();
        assert_eq!(read, [bare], "{why} (read_many)");
        let read = self.namespace.read_many(keys(), full).await.unwrap();
        assert_eq!(read, [expected.cloned()], "{why} (read_many, with metadata)");
        if let Some(atomic) = Arc::clone(&self.namespace).into_atomic() {
            let read = atomic.read_versioned(key.as_borrowed()).await.unwrap();
            assert_eq!(read.map(|(entry, _)| entry).as_ref(), expected, "{why} (read_versioned)");
        }

        let prefix = Prefix::new(key.as_str()).expect("what fits a key fits a prefix");
        let listed = self.list(prefix.into()).await.into_iter().find(|info| info.name == *key);
        let info = expected.map(|entry| {
            let info = KeyInfo::new(key.clone().into_owned()).with_metadata(entry.metadata.clone());
            info.with_expires_at(entry.expires_at)
        });
        assert_eq!(listed, info, "{why} (list_page)");
    }

    /// Checks that every way of reading `key` returns `value`, without metadata and `expires_at`.
    pub(crate) async fn check_value(&self, key: &Key<'_>, value: &(impl AsRef<[u8]> + ?Sized), why: &str) {
        let value = Value::new(value.as_ref()).expect("the suite's values are valid");
        self.check(key, Some(&Entry::new(value)), why).await;
    }

    /// Writes each of `keys` with itself as its value, then checks that each is there and listed as it was
    /// given.
    pub(crate) async fn check_keys(&self, keys: &[Key<'static>], why: &str) {
        for key in keys {
            self.namespace.put(key, key.as_str()).await.unwrap();
        }
        for key in keys {
            self.check_value(key, key.as_str(), why).await;
        }
    }

    /// Removes the scope's keys.
    pub(crate) async fn clean(self) {
        let keys = self.keys.into_inner().unwrap();
        self.namespace.delete_many(keys).await.unwrap().into_result().unwrap();
    }
}
