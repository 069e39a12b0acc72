//! Sweep of expired entries and deleted namespaces, and versions that never come back.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::HashSet, fs, path::Path, sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use kv_core::{Clock, Expected, Expiration, KvStore, Metadata, PutOptions, Result, Timestamp, prelude::*};
use kv_redb::{RedbNamespace, RedbStore};
use kv_testkit::ManualClock;

const MINUTE: Duration = Duration::from_secs(60);

/// Opens a store that sweeps only when `sweep` is called.
async fn open(path: &Path, clock: &ManualClock) -> Result<(RedbStore, RedbNamespace)> {
    let builder = RedbStore::builder().clock(Arc::new(clock.clone())).sweep_interval(None);
    let store = builder.open(path).await?;
    let namespace = store.open_namespace("a").await?;
    Ok((store, namespace))
}

fn minute() -> PutOptions {
    Expiration::after(MINUTE).unwrap().into()
}

#[tokio::test]
async fn a_version_is_never_used_twice() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let clock = ManualClock::default();
    let mut seen = HashSet::new();
    for round in 0..4 {
        let (store, kv) = open(&path, &clock).await?;
        for step in 0..6 {
            kv.put_with("k", "same", minute()).await?;
            let (_, version) = kv.get_versioned("k").await?.unwrap();
            assert!(seen.insert(version), "round {round}, step {step}");
            match step {
                0 => kv.delete("k").await?,
                1 => drop(kv.delete_if("k", version).await?),
                2 => clock.advance(MINUTE),
                3 => {
                    clock.advance(MINUTE);
                    assert_eq!(store.sweep(usize::MAX).await?, 1);
                }
                4 => drop(kv.put_many([kv_core::PutEntry::new("k", "same")?]).await?.into_result()?),
                _ => {}
            }
            for stale in &seen {
                let current = kv.get_versioned("k").await?.map(|(_, version)| version);
                if current != Some(*stale) {
                    let outcome = kv.put_if("k", *stale, "lost", minute()).await?;
                    assert_eq!(outcome, kv_core::Conditional::Conflict);
                }
            }
        }
        store.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_sweep_frees_space_that_new_writes_use() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let clock = ManualClock::default();
    let mut lengths = Vec::new();
    let (store, kv) = open(&path, &clock).await?;
    for _ in 0..6 {
        for (number, length) in [100, 3_000, 20_000, 1_000_000].into_iter().cycle().take(40).enumerate() {
            kv.put_with(number.to_string(), vec![7; length], minute().with_metadata(Metadata::new("m")?))
                .await?;
        }
        clock.advance(MINUTE);
        assert_eq!(
            kv.list("").try_collect::<Vec<_>>().await?,
            [],
            "expired entries are absent before the sweep"
        );
        assert_eq!(store.sweep(15).await?, 15, "a sweep stops at its limit");
        assert_eq!(store.sweep(usize::MAX).await?, 25);
        assert_eq!(store.sweep(usize::MAX).await?, 0);
        lengths.push(fs::metadata(&path).unwrap().len());
    }
    // Without the sweep, every round would add what the first one took.
    assert!(lengths[5] < 2 * lengths[0], "the file grows: {lengths:?}");
    store.close().await
}

#[tokio::test]
async fn swept_entries_stay_gone_when_the_clock_goes_back() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::default();
    let (store, kv) = open(&folder.path().join("app.kv"), &clock).await?;
    let start = clock.now();
    kv.put_with("swept", "1", minute()).await?;
    kv.put_with("large", vec![1; 100_000], minute()).await?;
    clock.advance(MINUTE);
    assert_eq!(store.sweep(usize::MAX).await?, 2);
    for time in [start, Timestamp::EPOCH, Timestamp::MAX] {
        clock.set(time);
        assert_eq!(kv.get_many(["swept", "large"]).await?, [None, None]);
        assert!(
            kv.put_if("swept", Expected::Absent, "2", PutOptions::default()).await?
                != kv_core::Conditional::Conflict
        );
        kv.delete("swept").await?;
        assert_eq!(store.sweep(usize::MAX).await?, 0);
    }
    store.close().await
}

#[tokio::test]
async fn a_rewritten_entry_is_not_swept_at_its_old_expiry() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::default();
    let (store, kv) = open(&folder.path().join("app.kv"), &clock).await?;
    kv.put_with("kept", "1", minute()).await?;
    kv.put("kept", "2").await?;
    kv.put_with("later", "1", minute()).await?;
    clock.advance(Duration::from_secs(30));
    kv.put_with("later", "2", minute()).await?;
    clock.advance(Duration::from_secs(30));
    assert_eq!(store.sweep(usize::MAX).await?, 0);
    assert_eq!(kv.get("kept").await?.unwrap(), "2");
    assert_eq!(kv.get("later").await?.unwrap(), "2");
    store.close().await
}

#[tokio::test]
async fn entries_of_a_deleted_namespace_are_swept_after_a_reopening_too() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let clock = ManualClock::default();
    let (store, kv) = open(&path, &clock).await?;
    let other = store.open_namespace("other").await?;
    other.put("1", "stays").await?;
    let entries = (0..2_500).map(|number| kv_core::PutEntry::new(number.to_string(), "1"));
    kv.put_many(entries.collect::<Result<Vec<_>, _>>()?).await?.into_result()?;
    kv.put_with("large", vec![1; 100_000], minute()).await?;
    store.delete_namespace(kv.id()).await?;
    assert_eq!(store.sweep(1_000).await?, 1_000);
    store.close().await?;

    let (store, kv) = open(&path, &clock).await?;
    assert_eq!(kv.list("").try_collect::<Vec<_>>().await?, [], "the title belongs to a new namespace");
    assert_eq!(store.sweep(usize::MAX).await?, 1_501);
    assert_eq!(store.sweep(usize::MAX).await?, 0);
    assert_eq!(store.open_namespace("other").await?.get("1").await?.unwrap(), "stays");
    store.close().await
}

#[tokio::test]
async fn the_store_sweeps_on_its_own() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let clock = ManualClock::default();
    let builder =
        RedbStore::builder().clock(Arc::new(clock.clone())).sweep_interval(Duration::from_millis(1));
    let store = builder.open(&path).await?;
    let kv = store.open_namespace("a").await?;
    let start = clock.now();
    let entries =
        (0..2_500).map(|number| Ok(kv_core::PutEntry::new(number.to_string(), "1")?.with_options(minute())));
    kv.put_many(entries.collect::<Result<Vec<_>>>()?).await?.into_result()?;
    clock.advance(MINUTE);
    // At the old time an expired entry exists again, and a swept one does not.
    loop {
        clock.set(start);
        let left = kv.list("").try_collect::<Vec<_>>().await?.len();
        clock.set(start.saturating_add(MINUTE));
        if left == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    store.close().await
}
