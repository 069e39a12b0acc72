//! Backups of a store in use.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{fs, sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use kv_core::{ErrorKind, Expiration, KvStore, Metadata, PutEntry, PutOptions, Result, prelude::*};
use kv_redb::{RedbNamespace, RedbStore};
use kv_testkit::ManualClock;

/// Returns all that a caller can read in a namespace.
async fn all(kv: &RedbNamespace) -> Result<Vec<(String, Option<kv_core::Entry>)>> {
    let keys: Vec<_> = kv.list("").try_collect().await?;
    let mut all = Vec::new();
    for info in keys {
        let entry = kv.get_with_metadata(&info.name).await?;
        all.push((info.name.to_string(), entry));
    }
    Ok(all)
}

#[tokio::test]
async fn a_backup_holds_every_entry_and_opens_as_a_store() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let copy = folder.path().join("copy.kv");
    let clock = ManualClock::default();
    let builder = RedbStore::builder().clock(Arc::new(clock.clone())).sweep_interval(None);
    let store = builder.clone().open(&path).await?;
    let kept = store.open_namespace("kept").await?;
    let gone = store.open_namespace("gone").await?;
    gone.put("a", "1").await?;
    store.delete_namespace(gone.id()).await?;
    for (number, len) in [0, 1, 1_024, 1_025, 4_000, 70_000, 3_000_000].into_iter().enumerate() {
        let options = PutOptions::from(Metadata::new(&number)?)
            .with_expiration(Expiration::after(Duration::from_secs(60 + number as u64))?);
        kept.put_with(number.to_string(), vec![7; len], options).await?;
    }
    let expected = all(&kept).await?;
    store.backup(&copy).await?;
    kept.delete("0").await?;
    store.close().await?;

    let store = builder.open(&copy).await?;
    assert_eq!(store.list_namespaces().await?.len(), 1);
    let kept = store.open_namespace("kept").await?;
    assert_eq!(all(&kept).await?, expected);
    kept.put("new", "1").await?;
    clock.advance(Duration::from_secs(100));
    assert_eq!(
        store.sweep(usize::MAX).await?,
        expected.len() + 1,
        "the expired entries and that of the deleted namespace"
    );
    assert_eq!(all(&kept).await?.len(), 1);
    store.close().await?;
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no other file is left");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_during_writes_is_a_snapshot() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::open(folder.path().join("app.kv")).await?;
    let kv = store.open_namespace("a").await?;
    // Each bulk write is one transaction, so in any snapshot all of these keys have the same value.
    let write = |kv: RedbNamespace, generation: u32| async move {
        let entries = (0..300).map(|key| PutEntry::new(format!("{key:03}"), generation.to_string()));
        kv.put_many(entries.collect::<Result<Vec<_>, _>>()?).await?.into_result()
    };
    write(kv.clone(), 0).await?;
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let writer = tokio::spawn({
        let kv = kv.clone();
        async move {
            let mut generation = 0;
            while stopped.try_recv().is_err() {
                generation += 1;
                write(kv.clone(), generation).await?;
            }
            Ok::<_, kv_core::Error>(generation)
        }
    });
    for number in 0..5 {
        let copy = folder.path().join(format!("copy{number}.kv"));
        store.backup(&copy).await?;
        let copy = RedbStore::open(&copy).await?;
        let values =
            copy.open_namespace("a").await?.get_many((0..300).map(|key| format!("{key:03}"))).await?;
        assert!(values.iter().all(|value| value.is_some() && *value == values[0]));
        copy.close().await?;
    }
    stop.send(()).unwrap();
    assert!(writer.await.unwrap()? > 0);
    store.close().await
}

#[tokio::test]
async fn a_failed_backup_leaves_no_file_and_overwrites_none() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::open(folder.path().join("app.kv")).await?;
    let there = folder.path().join("there");
    fs::write(&there, "existing").unwrap();
    let partial = folder.path().join("new.partial");
    fs::write(&partial, "existing").unwrap();
    for path in [there.clone(), folder.path().join("new"), folder.path().join("missing/new")] {
        let error = store.backup(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other, "{error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        assert!(path == there || !path.exists());
    }
    assert_eq!(fs::read_to_string(&there).unwrap(), "existing");
    assert_eq!(fs::read_to_string(&partial).unwrap(), "existing");

    store.close().await?;
    let closed = store.backup(folder.path().join("late")).await.unwrap_err();
    assert_eq!(closed.kind(), ErrorKind::Closed);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    Ok(())
}

/// First bytes of every file of redb.
const MAGIC: [u8; 9] = *b"redb\x1A\x0A\xA9\x0D\x0A";

/// A killed backup leaves a partial file, which does not have to be removed by hand.
#[tokio::test]
async fn a_backup_replaces_the_partial_file_of_a_killed_one() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.kv");
    let partial = folder.path().join("copy.kv.partial");
    let store = RedbStore::open(folder.path().join("app.kv")).await?;
    let kv = store.open_namespace("a").await?;
    kv.put("k", vec![7; 100_000]).await?;
    store.backup(&copy).await?;
    let whole = fs::read(&copy).unwrap();
    let leftovers = [
        vec![],
        vec![0; 1 << 20],
        [&MAGIC[..], &vec![0; 50_000]].concat(),
        whole.clone(),
        whole[..9_000].to_vec(),
    ];
    for leftover in leftovers {
        fs::remove_file(&copy).unwrap();
        fs::write(&partial, leftover).unwrap();
        store.backup(&copy).await?;
        assert!(!partial.exists());
        let copy = RedbStore::open(&copy).await?;
        assert_eq!(copy.open_namespace("a").await?.get("k").await?.unwrap(), vec![7; 100_000]);
        copy.close().await?;
    }
    store.close().await
}

/// Of concurrent backups to one path, one succeeds and is whole.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_concurrent_backups_to_one_path_succeeds() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::open(folder.path().join("app.kv")).await?;
    let kv = store.open_namespace("a").await?;
    let entries = (0..500).map(|key| PutEntry::new(format!("{key:03}"), vec![7; 3_000]));
    kv.put_many(entries.collect::<Result<Vec<_>, _>>()?).await?.into_result()?;
    for round in 0..10 {
        let copy = folder.path().join(format!("copy{round}.kv"));
        let backups = (0..4).map(|_| {
            let store = store.clone();
            let copy = copy.clone();
            tokio::spawn(async move { store.backup(copy).await })
        });
        let mut succeeded = 0;
        for backup in backups.collect::<Vec<_>>() {
            match backup.await.unwrap() {
                Ok(()) => succeeded += 1,
                Err(error) => assert_eq!(error.kind(), ErrorKind::Other, "{error:?}"),
            }
        }
        assert_eq!(succeeded, 1);
        assert!(!folder.path().join(format!("copy{round}.kv.partial")).exists());
        let copy = RedbStore::builder().check(true).open(&copy).await?;
        assert_eq!(copy.open_namespace("a").await?.list("").try_collect::<Vec<_>>().await?.len(), 500);
        copy.close().await?;
    }
    store.close().await
}

#[tokio::test]
async fn a_backup_holds_the_namespaces_of_its_snapshot() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.kv");
    let store = RedbStore::open(folder.path().join("app.kv")).await?;
    let first = store.open_namespace("first").await?;
    let second = store.open_namespace("second").await?;
    store.delete_namespace(first.id()).await?;
    store.backup(&copy).await?;
    store.close().await?;
    let copy = RedbStore::open(&copy).await?;
    let namespaces = copy.list_namespaces().await?;
    assert_eq!(namespaces.iter().map(|info| &info.id).collect::<Vec<_>>(), [second.id()]);
    copy.close().await
}
