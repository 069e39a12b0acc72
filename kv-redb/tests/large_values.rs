//! Values that are kept in pieces, and in memory as they were handed out.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::future::{join, join_all, poll_immediate};
use kv_core::{Expiration, KvStore, Result, prelude::*};
use kv_redb::RedbStore;
use kv_testkit::ManualClock;

#[tokio::test]
async fn a_hot_value_is_handed_out_without_a_copy_and_never_a_former_one() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::default();
    let builder = RedbStore::builder().clock(Arc::new(clock.clone())).sweep_interval(None);
    let store = builder.open(folder.path().join("app.kv")).await?;
    let kv = store.open_namespace("a").await?;
    for len in [1_025, 16 * 1024, 64 * 1024 + 1, 3_000_000] {
        kv.put("k", vec![1; len]).await?;
        let first = kv.get("k").await?.unwrap();
        let again = kv.get("k").await?.unwrap();
        assert_eq!(first, vec![1; len]);
        assert_eq!(first.as_ptr(), again.as_ptr(), "the same bytes, {len} of them");

        kv.put_with("k", vec![2; len], Expiration::after(Duration::from_secs(60))?).await?;
        assert_eq!(kv.get("k").await?.unwrap(), vec![2; len]);
        clock.advance(Duration::from_secs(60));
        assert_eq!(kv.get("k").await?, None, "it has expired");
        kv.put("k", vec![3; len]).await?;
        assert_eq!(kv.get("k").await?.unwrap(), vec![3; len]);
        kv.delete("k").await?;
        assert_eq!(kv.get("k").await?, None);
    }
    store.close().await
}

/// Many who ask for a cold value at once get one copy of it, with and without metadata, singly and in bulk.
#[tokio::test]
async fn a_cold_value_is_put_together_once_for_all_who_ask() -> Result<()> {
    for cold_reads in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        // Nothing is kept in memory beyond those who hold it.
        let builder = RedbStore::builder().cache_bytes(0).cold_reads(cold_reads);
        let store = builder.open(folder.path().join("app.kv")).await?;
        let kv = store.open_namespace("a").await?;
        kv.put("k", vec![7; 5_000_000]).await?;
        let singly = join_all((0..50).map(|_| kv.get("k")));
        let (singly, bulk) = join(singly, join_all((0..5).map(|_| kv.get_many(["k"])))).await;
        let mut values = Vec::new();
        for value in singly {
            values.push(value?.unwrap());
        }
        for value in bulk {
            values.push(value?.remove(0).unwrap());
        }
        assert!(values.iter().all(|value| *value == vec![7; 5_000_000]));
        let copies: HashSet<_> = values.iter().map(|value| value.as_ptr()).collect();
        // On a busy machine some may come when the first copy is there already.
        assert!(copies.len() <= 20, "{} copies for 55 who asked", copies.len());
        drop(values);
        assert_eq!(kv.get("k").await?.unwrap().len(), 5_000_000, "it is made anew");
        store.close().await?;
    }
    Ok(())
}

/// One who asked first and went away keeps nobody from the value.
#[tokio::test]
async fn a_dropped_get_keeps_nobody_from_a_value() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::builder().cache_bytes(0).open(folder.path().join("app.kv")).await?;
    let kv = store.open_namespace("a").await?;
    kv.put("k", vec![7; 5_000_000]).await?;
    let mut first = Box::pin(kv.get("k"));
    let _ = poll_immediate(&mut first).await;
    let mut second = Box::pin(kv.get("k"));
    let early = poll_immediate(&mut second).await;
    drop(first);
    let value = if let Some(early) = early { early } else { second.await };
    assert_eq!(value?.unwrap(), vec![7; 5_000_000]);
    // Nor does one who went away while nobody else asked.
    let mut third = Box::pin(kv.get("k"));
    let _ = poll_immediate(&mut third).await;
    drop(third);
    assert_eq!(kv.get("k").await?.unwrap(), vec![7; 5_000_000]);
    store.close().await
}

/// A value that is written while others read it: each sees one of its values, whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_changes_while_it_is_put_together_is_one_or_the_other() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::builder().cache_bytes(0).open(folder.path().join("app.kv")).await?;
    let kv = store.open_namespace("a").await?;
    kv.put("k", vec![0; 300_000]).await?;
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let kv = kv.clone();
            tokio::spawn(async move {
                let mut last = 0;
                while last < 30 {
                    let value = kv.get("k").await?.unwrap();
                    assert!(value.iter().all(|byte| *byte == value[0]), "half of one and half of another");
                    assert!(value[0] >= last, "a former value");
                    last = value[0];
                }
                Ok::<_, kv_core::Error>(())
            })
        })
        .collect();
    for value in 1..=30 {
        kv.put("k", vec![value; 300_000]).await?;
    }
    for reader in readers {
        reader.await.unwrap()?;
    }
    store.close().await
}
