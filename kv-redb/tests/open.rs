//! Opening and closing: refused files, their errors, and the lock.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{fs, path::Path, sync::Arc};

use kv_core::{ErrorKind, KvStore, ListOptions, NamespaceTitle, Result, prelude::*};
use kv_redb::RedbStore;
use redb::{Database, TableDefinition};
use tempfile::TempDir;

const OTHER: TableDefinition<'_, &str, u64> = TableDefinition::new("other");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("kv-redb");

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Returns kind and message of the error of opening `path`, which has to name it.
async fn refused(path: &Path) -> (ErrorKind, String) {
    let error = RedbStore::open(path).await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains(&*path.to_string_lossy()), "{message}");
    assert_eq!(error.backend(), "kv-redb");
    (error.kind(), message)
}

#[tokio::test]
async fn entries_survive_a_reopening() -> Result<()> {
    let folder = folder();
    let path = folder.path().join("app.kv");
    let store = RedbStore::open(&path).await?;
    assert_eq!(store.path(), path);
    let sessions = store.open_namespace("sessions").await?;
    sessions.put("a", "1").await?;
    sessions.put("large", vec![7; 300_000]).await?;
    let id = sessions.id().clone();
    store.close().await?;

    let store = RedbStore::builder().open_blocking(&path)?;
    let sessions = store.open_namespace("sessions").await?;
    assert_eq!(sessions.id(), &id);
    assert_eq!(sessions.get_text("a").await?.as_deref(), Some("1"));
    assert_eq!(store.namespace(&id).get("large").await?.unwrap(), vec![7; 300_000]);
    assert_eq!(store.list_namespaces().await?.len(), 1);
    store.close().await
}

#[tokio::test]
async fn a_second_opening_is_locked_until_the_store_is_closed() -> Result<()> {
    let folder = folder();
    let path = folder.path().join("app.kv");
    let store = RedbStore::open(&path).await?;
    let (kind, message) = refused(&path).await;
    assert_eq!(kind, ErrorKind::Locked);
    assert!(message.contains("close it there first"), "{message}");
    store.close().await?;
    RedbStore::open(&path).await?.close().await
}

#[tokio::test]
async fn dropping_every_handle_finishes_accepted_writes() -> Result<()> {
    let folder = folder();
    let path = folder.path().join("app.kv");
    let store = RedbStore::open(&path).await?;
    let namespace = store.open_namespace("a").await?;
    drop(store);
    namespace.put("a", "1").await?;
    drop(namespace);
    // The writer closes the file on its own thread; until then a new opening is locked.
    let store = loop {
        match RedbStore::open(&path).await {
            Err(error) if error.kind() == ErrorKind::Locked => tokio::task::yield_now().await,
            opened => break opened?,
        }
    };
    assert!(store.open_namespace("a").await?.get("a").await?.is_some());
    store.close().await
}

#[tokio::test]
async fn a_closed_store_answers_closed_and_closes_again() -> Result<()> {
    let folder = folder();
    let store = RedbStore::open(folder.path().join("app.kv")).await?;
    let namespace = store.open_namespace("a").await?;
    let other = store.clone();
    let (first, second) = tokio::join!(store.close(), other.close());
    first.and(second)?;
    store.close().await?;

    let kv = namespace.clone();
    let id = namespace.id();
    let errors = [
        kv.get("a").await.unwrap_err(),
        kv.put("a", "1").await.unwrap_err(),
        kv.delete("a").await.unwrap_err(),
        kv.list_page(ListOptions::default()).await.unwrap_err(),
        kv.get_many(["a"]).await.unwrap_err(),
        kv.put_many([kv_core::PutEntry::new("a", "1")?]).await.unwrap_err(),
        kv.delete_many(["a"]).await.unwrap_err(),
        kv.get_versioned("a").await.unwrap_err(),
        store.open_namespace("a").await.unwrap_err(),
        store.list_namespaces().await.unwrap_err(),
        store.namespace_info(id).await.unwrap_err(),
        store.create_namespace(NamespaceTitle::new("b")?).await.unwrap_err(),
        store.rename_namespace(id, NamespaceTitle::new("b")?).await.unwrap_err(),
        store.delete_namespace(id).await.unwrap_err(),
        store.namespace(id).get("a").await.unwrap_err(),
        store.sweep(1).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Closed, "{error:?}");
        assert!(error.to_string().contains("app.kv"), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn writes_queued_before_the_closing_are_kept() -> Result<()> {
    let folder = folder();
    let path = folder.path().join("app.kv");
    let store = RedbStore::open(&path).await?;
    let namespace = store.open_namespace("a").await?;
    let writes = (0..500).map(|number| {
        let namespace = namespace.clone();
        async move { namespace.put(number.to_string(), "1").await }
    });
    let (written, closed) = tokio::join!(futures_util::future::join_all(writes), store.close());
    closed?;
    let store = RedbStore::open(&path).await?;
    let namespace = store.open_namespace("a").await?;
    for (number, written) in written.into_iter().enumerate() {
        let found = namespace.get(number.to_string()).await?.is_some();
        match written {
            Ok(()) => assert!(found, "{number} was acknowledged"),
            Err(error) => assert_eq!((error.kind(), found), (ErrorKind::Closed, false)),
        }
    }
    store.close().await
}

#[tokio::test]
async fn a_file_of_another_program_is_refused_and_stays_unchanged() {
    let folder = folder();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "my notes, which are longer than a magic number").unwrap();
    let (kind, message) = refused(&path).await;
    assert_eq!(kind, ErrorKind::Corrupt);
    assert!(message.contains("not a store of kv-redb"), "{message}");
    assert_eq!(fs::read(&path).unwrap(), b"my notes, which are longer than a magic number");

    let path = folder.path().join("short");
    fs::write(&path, "ab").unwrap();
    assert_eq!(refused(&path).await.0, ErrorKind::Corrupt);
    assert_eq!(fs::read(&path).unwrap(), b"ab");
}

#[tokio::test]
async fn a_file_whose_creation_was_cut_short_is_created_again() -> Result<()> {
    let folder = folder();
    let path = folder.path().join("app.kv");
    RedbStore::open(&path).await?.close().await?;
    let created = fs::read(&path).unwrap();
    // The file as a crash or a full disk leaves it: with or without a header, without redb's magic number.
    for header in [0, 320] {
        let mut unfinished = vec![0; 1_056_768];
        unfinished[9..header.max(9)].copy_from_slice(&created[9..header.max(9)]);
        fs::write(&path, &unfinished).unwrap();
        let store = RedbStore::open(&path).await?;
        store.open_namespace("a").await?.put("a", "1").await?;
        store.close().await?;
    }
    // Any other file that starts with zeros is another program's.
    for (length, place) in [(100, 50), (1_056_768, 1_000_000), (1_056_768, 400), (1_056_768, 13)] {
        let mut theirs = vec![0; length];
        theirs[place] = 1;
        fs::write(&path, &theirs).unwrap();
        assert_eq!(refused(&path).await.0, ErrorKind::Corrupt);
        assert!(fs::read(&path).unwrap() == theirs, "the file has changed");
    }
    Ok(())
}

#[tokio::test]
async fn a_store_without_its_tables_is_corrupt() {
    let folder = folder();
    let path = folder.path().join("app.kv");
    let database = Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(META).unwrap().insert("format", 1).unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert_eq!(refused(&path).await.0, ErrorKind::Corrupt);
}

#[tokio::test]
async fn a_redb_file_without_our_tables_is_refused() {
    let folder = folder();
    let path = folder.path().join("other.redb");
    let database = Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(OTHER).unwrap().insert("a", 1).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let before = fs::read(&path).unwrap();
    let (kind, message) = refused(&path).await;
    assert_eq!(kind, ErrorKind::Corrupt);
    assert!(message.contains("another program"), "{message}");
    assert!(fs::read(&path).unwrap() == before, "the file has changed");
}

#[tokio::test]
async fn an_unknown_layout_version_is_refused() -> Result<()> {
    let folder = folder();
    let path = folder.path().join("app.kv");
    RedbStore::open(&path).await?.close().await?;
    let set_format = |version: u64| {
        let database = Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(META).unwrap().insert("format", version).unwrap();
        transaction.commit().unwrap();
    };
    set_format(2);
    let before = fs::read(&path).unwrap();
    let (kind, message) = refused(&path).await;
    assert_eq!(kind, ErrorKind::Corrupt);
    assert!(message.contains("layout version 2") && message.contains("supported: 1"), "{message}");
    assert!(fs::read(&path).unwrap() == before, "the file has changed");
    set_format(1);
    RedbStore::open(&path).await?.close().await
}

#[tokio::test]
async fn a_path_that_cannot_be_a_file_is_refused() {
    let folder = folder();
    let (kind, message) = refused(folder.path()).await;
    assert_eq!(kind, ErrorKind::Other);
    assert!(message.contains("is a folder"), "{message}");
    let path = folder.path().join("missing").join("app.kv");
    assert_eq!(refused(&path).await.0, ErrorKind::Other);
}

#[tokio::test]
async fn a_truncated_file_is_refused() -> Result<()> {
    let folder = folder();
    let path = folder.path().join("app.kv");
    let store = RedbStore::open(&path).await?;
    let namespace = store.open_namespace("a").await?;
    for number in 0..20 {
        namespace.put(number.to_string(), vec![1; 100_000]).await?;
    }
    store.close().await?;
    let whole = fs::read(&path).unwrap();
    for length in [100, 5_000, whole.len() / 2] {
        fs::write(&path, &whole[..length]).unwrap();
        let (kind, message) = refused(&path).await;
        assert_eq!(kind, ErrorKind::Corrupt, "{length}: {message}");
    }
    fs::write(&path, &whole).unwrap();
    let store = RedbStore::open(&path).await?;
    let namespace: Arc<dyn KvNamespace> = Arc::new(store.open_namespace("a").await?);
    assert_eq!(namespace.get("19").await?.unwrap().len(), 100_000);
    store.close().await
}
