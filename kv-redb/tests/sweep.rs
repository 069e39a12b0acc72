//! What is reclaimed, when, and that none of it comes back.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::HashSet, fs, path::Path, sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use kv_core::{Clock, Expected, Expiration, KvStore, Metadata, PutOptions, Result, Timestamp, prelude::*};
use kv_redb::{RedbNamespace, RedbStore};
use kv_testkit::ManualClock;

const MINUTE: Duration = Duration::from_secs(60);

/// A store that reclaims only when it is told to.
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
async fn a_version_is_never_seen_again() -> Result<()> {
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
async fn what_was_swept_stays_gone_when_the_clock_goes_back() -> Result<()> {
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
async fn a_rewritten_entry_is_not_swept_by_its_old_deadline() -> Result<()> {
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
async fn a_deleted_namespaces_entries_are_reclaimed_also_after_a_reopening() -> Result<()> {
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
    assert_eq!(kv.list("").try_collect::<Vec<_>>().await?, [], "a new namespace has the title now");
    assert_eq!(store.sweep(usize::MAX).await?, 1_501);
    assert_eq!(store.sweep(usize::MAX).await?, 0);
    assert_eq!(store.open_namespace("other").await?.get("1").await?.unwrap(), "stays");
    store.close().await
}

#[tokio::test]
async fn the_store_sweeps_by_itself() -> Result<()> {
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
    // What is merely expired would be there again at the old time; what was swept is not.
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

/// A read that waits for the blocking pool must not keep the pages of its moment from being used again.
#[test]
fn a_read_that_waits_for_its_turn_does_not_let_the_file_grow() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.kv");
        let clock = ManualClock::default();
        let (store, kv) = open(&path, &clock).await?;
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
        assert!(!waiting.is_finished(), "the pool is busy");
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
    let clock = ManualClock::default();
    let (store, kv) = open(&path, &clock).await?;
    for number in 0..60 {
        kv.put(number.to_string(), vec![7; 1 << 20]).await?;
    }
    store.close().await?;
    // Whole values of this size would take twice as much. redb lengthens a file by doubling it, and this is just under
    // such a step.
    let stored = 60 << 20;
    let length = fs::metadata(&path).unwrap().len();
    assert!(length * 10 <= stored * 11, "{length} bytes for {stored}");
    Ok(())
}

/// Without the filler of a new file, redb could cut nothing off here, and a quarter of the file would be empty.
#[tokio::test]
async fn closing_cuts_off_what_the_last_doubling_of_the_file_added() -> Result<()> {
    const MIB: usize = 1024 * 1024;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.kv");
    let store = RedbStore::open(&path).await?;
    let kv = store.open_namespace("a").await?;
    for number in 0..24 {
        kv.put(&number.to_string(), vec![number; MIB]).await?;
    }
    store.close().await?;
    let len = fs::metadata(&path).unwrap().len();
    assert!(len < 25 * MIB as u64, "24 MiB take {len} bytes");
    Ok(())
}
