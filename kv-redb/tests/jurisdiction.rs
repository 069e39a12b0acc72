//! Jurisdictions of namespaces, in new files and in those of the version before jurisdictions.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use kv_core::{Jurisdiction, KvStore, NamespaceTitle, Result, prelude::*};
use kv_redb::RedbStore;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

/// Tables of the layout, written down a second time so that an unintended change fails a test.
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("kv-redb");
const NAMESPACES: TableDefinition<'_, &str, (u32, &str)> = TableDefinition::new("namespaces");
const JURISDICTIONS: TableDefinition<'_, &str, &str> = TableDefinition::new("jurisdictions");

fn title(title: &str) -> NamespaceTitle {
    NamespaceTitle::new(title).unwrap()
}

#[tokio::test]
async fn a_jurisdiction_is_kept_by_reopenings_and_backups() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let copy = folder.path().join("copy.kv");
    let store = RedbStore::open(&path).await?;
    for jurisdiction in Jurisdiction::ALL {
        let created = store.create_namespace_in(title(jurisdiction.as_str()), jurisdiction).await?;
        assert_eq!(created.jurisdiction, Some(jurisdiction));
    }
    store.create_namespace(title("none")).await?;
    let mut expected = store.list_namespaces().await?;
    store.backup(&copy).await?;
    expected.sort_by_key(|info| info.id.to_string());
    store.close().await?;
    for path in [path, copy] {
        let store = RedbStore::open(path).await?;
        let mut found = store.list_namespaces().await?;
        found.sort_by_key(|info| info.id.to_string());
        assert_eq!(found, expected);
        for info in found {
            let expected = Jurisdiction::ALL.into_iter().find(|known| known.as_str() == info.title.as_str());
            assert_eq!(info.jurisdiction, expected);
            let renamed = store.rename_namespace(&info.id, title(&format!("new {}", info.title))).await?;
            assert_eq!(renamed.jurisdiction, expected);
            store.delete_namespace(&info.id).await?;
        }
        store.close().await?;
    }
    Ok(())
}

/// Namespaces of the older file have no jurisdiction, and the table is created with the first one.
#[tokio::test]
async fn a_file_without_jurisdictions_is_read_and_written_unchanged() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.kv");
    let store = RedbStore::open(&path).await?;
    store.close().await?;
    {
        // The rows of a new namespace in the version before.
        let database = Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(META).unwrap().insert("next-namespace", 1).unwrap();
        let mut namespaces = transaction.open_table(NAMESPACES).unwrap();
        namespaces.insert("0123456789abcdef0123456789abcdef", (0, "old")).unwrap();
        drop(namespaces);
        transaction.commit().unwrap();
    }
    let tables = |path| {
        let database = Database::open(path).unwrap();
        let transaction = database.begin_read().unwrap();
        let namespaces = transaction.open_table(NAMESPACES).unwrap();
        // The old form, which the version before can read.
        let rows =
            namespaces.iter().unwrap().map(|row| row.unwrap().1.value().1.to_owned()).collect::<Vec<_>>();
        (rows.len(), transaction.open_table(JURISDICTIONS).is_ok())
    };
    assert_eq!(tables(&path), (1, false));

    let store = RedbStore::open(&path).await?;
    let old = store.list_namespaces().await?.remove(0);
    assert_eq!((old.title.as_str(), old.jurisdiction), ("old", None));
    store.open_namespace("old").await?.put("k", "1").await?;
    store.backup(folder.path().join("copy.kv")).await?;
    store.close().await?;
    assert_eq!(tables(&path), (1, false), "the table is created only when needed");

    let store = RedbStore::open(&path).await?;
    store.create_namespace_in(title("new"), Jurisdiction::Us).await?;
    store.close().await?;
    assert_eq!(tables(&path), (2, true));
    Ok(())
}
