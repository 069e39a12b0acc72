//! Size of a store's file.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use kv_core::{KvStore, Result, prelude::*};
use kv_redb::{RedbNamespace, RedbStore};

async fn open(path: &Path) -> Result<(RedbStore, RedbNamespace)> {
    let store = RedbStore::builder().sweep_interval(None).open(path).await?;
    let namespace = store.open_namespace("a").await?;
    Ok((store, namespace))
}

/// A read that waits for the blocking pool must not keep pages of its snapshot from being used again.
#[test]
fn a_waiting_read_does_not_let_the_file_grow() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.kv");
        let (store, kv) = open(&path).await?;
        kv.put("large", vec![7; 200_000]).await?;

        let (release, released) = std::sync::mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || released.recv().is_ok());
        let lister = kv.clone();
        let getter = kv.clone();
        let waiting = tokio::spawn(async move {
            let page = lister.list_page(kv_core::ListOptions::default());
            futures_util::future::join(page, getter.get("large")).await
        });
        for _ in 0..300 {
            kv.put("large", vec![7; 200_000]).await?;
        }
        assert!(!waiting.is_finished(), "the pool is free");
        let length = fs::metadata(&path).unwrap().len();
        assert!(length < 10 << 20, "300 overwrites of 200 kB left a file of {length} bytes");

        release.send(()).unwrap();
        assert!(busy.await.unwrap());
        let (page, value) = waiting.await.unwrap();
        assert_eq!((page?.keys.len(), value?.unwrap().len()), (1, 200_000));
        store.close().await
    })
}

#[tokio::test]
async fn large_values_waste_no_space() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let (store, kv) = open(&path).await?;
    for number in 0..60 {
        kv.put(number.to_string(), vec![7; 1 << 20]).await?;
    }
    store.close().await?;
    // Values that are not cut into chunks would take twice as much. redb doubles the length of a file, and
    // this is just below such a step.
    let stored = 60 << 20;
    let length = fs::metadata(&path).unwrap().len();
    assert!(length * 10 <= stored * 11, "{length} bytes for {stored}");
    Ok(())
}

/// Without the filler of a new file, redb could not shorten it here, and a quarter of it would be empty.
#[tokio::test]
async fn closing_cuts_off_the_unused_end_of_the_file() -> Result<()> {
    const MIB: usize = 1024 * 1024;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let (store, kv) = open(&path).await?;
    for number in 0..24 {
        kv.put(&number.to_string(), vec![number; MIB]).await?;
    }
    store.close().await?;
    let len = fs::metadata(&path).unwrap().len();
    assert!(len < 25 * MIB as u64, "24 MiB take {len} bytes");
    Ok(())
}

#[tokio::test]
async fn deleting_absent_keys_writes_nothing() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let (store, kv) = open(&path).await?;
    kv.put("a", "1").await?;
    let before = fs::read(&path).unwrap();
    kv.delete("b").await?;
    assert_eq!(kv.delete_many(["b", "c"]).await?.into_result()?, 2);
    assert!(fs::read(&path).unwrap() == before, "the file has changed");
    store.close().await
}
