//! Large values: stored in chunks, and cached as they were handed out.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::future::{join, join_all, poll_immediate};
use kv_core::{Expiration, KvStore, Result, prelude::*};
use kv_redb::RedbStore;
use kv_testkit::ManualClock;

#[tokio::test]
async fn a_cached_value_is_not_copied_and_never_outdated() -> Result<()> {
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

/// Concurrent reads of an uncached value share one copy, single and bulk reads alike.
#[tokio::test]
async fn concurrent_reads_assemble_an_uncached_value_once() -> Result<()> {
    for cold_reads in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        // Values stay in memory only while a caller holds them.
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
        // On a busy machine some reads may start after the first copy was dropped.
        assert!(copies.len() <= 20, "{} copies for 55 reads", copies.len());
        drop(values);
        assert_eq!(kv.get("k").await?.unwrap().len(), 5_000_000, "it is assembled again");
        store.close().await?;
    }
    Ok(())
}

/// A dropped read that came first does not block the next ones.
#[tokio::test]
async fn a_dropped_get_does_not_block_others() -> Result<()> {
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
    // Nor does a dropped read that was alone.
    let mut third = Box::pin(kv.get("k"));
    let _ = poll_immediate(&mut third).await;
    drop(third);
    assert_eq!(kv.get("k").await?.unwrap(), vec![7; 5_000_000]);
    store.close().await
}

/// Reads during writes return one of the values, whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_written_during_a_read_is_whole() -> Result<()> {
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
                    assert!(value.iter().all(|byte| *byte == value[0]), "a mix of two values");
                    assert!(value[0] >= last, "an outdated value");
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
