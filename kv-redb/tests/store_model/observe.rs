//! Readers of all that a store holds.

use std::collections::{BTreeMap, HashMap};

use futures_util::TryStreamExt;
use kv_core::{ErrorKind, KvStore, ListOptions, Result, Timestamp, prelude::*};
use kv_redb::RedbStore;

use super::{
    Model, Write, key,
    model::{ModelEntry, ModelNamespace},
    operation::atomic,
    write::KEY_COUNT,
};

/// Versions seen so far: each belongs to one write, and each write has one.
#[derive(Debug, Clone, Default)]
pub(crate) struct SeenVersions {
    writes: HashMap<u64, Write>,
    versions: HashMap<Write, u64>,
}

impl SeenVersions {
    fn see(&mut self, write: Write, version: u64) {
        let first_write = *self.writes.entry(version).or_insert(write);
        assert_eq!(first_write, write, "two writes have version {version}");
        let first_version = *self.versions.entry(write).or_insert(version);
        assert_eq!(first_version, version, "{write:?} changed its version");
    }
}

/// Reads all that `store` holds through every call there is, and checks that they agree and each entry is
/// whole.
pub(crate) async fn observe(store: &RedbStore, versions: &mut SeenVersions) -> Result<Model> {
    let mut found = Model::default();
    for info in store.list_namespaces().await? {
        let namespace = atomic(store, info.id.as_str());
        let listed: Vec<_> = namespace.list("").try_collect().await?;
        let values = namespace.get_many(listed.iter().map(|key| &key.name)).await?;
        let mut entries = BTreeMap::new();
        for (info, value) in listed.into_iter().zip(values) {
            let key = info.name.as_str();
            let Some((entry, version)) = namespace.get_versioned(key).await? else {
                panic!("{key:.9} is listed but absent");
            };
            assert!(value.as_ref() == Some(&entry.value), "{key:.9} has two values");
            assert_eq!(entry.metadata, info.metadata, "{key:.9}");
            assert_eq!(entry.expires_at, info.expires_at, "{key:.9}");
            let write = Write::of(key, &entry);
            versions.see(write, version.as_u64());
            entries.insert(key.to_owned(), ModelEntry { write, expires_at: entry.expires_at });
        }
        for key in (0..KEY_COUNT).map(key).filter(|key| !entries.contains_key(key)) {
            assert!(namespace.get(&key).await?.is_none(), "{key:.9} exists but is not listed");
        }
        let id = Some(info.id.to_string());
        found.namespaces.insert(info.title.to_string(), ModelNamespace { id, entries });
    }
    Ok(found)
}

/// Checks that each read of `store` returns the content `known` at `now`, or `Unavailable`.
pub(crate) async fn check_reads(store: &RedbStore, known: &Model, now: Timestamp) {
    let unavailable = |error: kv_core::Error| {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    };
    let listed = store.list_namespaces().await.unwrap();
    let listed: BTreeMap<_, _> = listed.iter().map(|info| (info.title.as_str(), info.id.as_str())).collect();
    let expected = known.namespaces.iter();
    let expected = expected.map(|(title, namespace)| (title.as_str(), namespace.id.as_deref().unwrap()));
    assert_eq!(listed, expected.collect());
    for (title, expected) in &known.namespaces {
        let namespace = atomic(store, expected.id.as_ref().unwrap());
        let live = |key: &String| expected.entries.get(key).filter(|entry| entry.is_live(now));
        for key in (0..KEY_COUNT).map(key) {
            match namespace.get_with_metadata(&key).await {
                Ok(found) => {
                    let found = found.map(|entry| ModelEntry {
                        write: Write::of(&key, &entry),
                        expires_at: entry.expires_at,
                    });
                    assert_eq!(found.as_ref(), live(&key), "{key:.9} in {title}");
                }
                Err(error) => unavailable(error),
            }
        }
        match namespace.list_page(ListOptions::default()).await {
            Ok(page) => {
                let found: Vec<_> = page.keys.iter().map(|key| key.name.as_str()).collect();
                let keys: Vec<_> = expected.entries.keys().filter(|key| live(key).is_some()).collect();
                assert_eq!(found, keys, "{title}");
            }
            Err(error) => unavailable(error),
        }
    }
}
