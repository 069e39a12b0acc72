//! Threads that read and write the same keys.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::TryStreamExt;
use kv_core::{
    Change, Conditional, ErrorKind, Expected, Expiration, KeyInfo, KvStore, ListOptions, NamespaceTitle,
    PutOptions, prelude::*,
};
use kv_memory::{MemoryNamespace, MemoryStore};
use kv_testkit::{ManualClock, block_on};

const THREADS: usize = 4;

/// Runs `work` on every thread, given the thread's number.
fn on_threads(work: impl AsyncFn(usize) + Sync) {
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let work = &work;
            scope.spawn(move || block_on(work(thread)));
        }
    });
}

#[test]
fn conditional_writes_of_one_key_lose_nothing() {
    const ROUNDS: usize = 300;
    let clock = ManualClock::default();
    let kv = MemoryNamespace::builder().clock(Arc::new(clock.clone())).build();
    on_threads(async |thread| {
        let hold = Expiration::after(Duration::from_secs(60)).unwrap();
        for _ in 0..ROUNDS {
            let counted = kv.update("count", |entry| {
                let count: usize = entry.map_or(Ok(0), |entry| entry.value.json())?;
                Change::put((count + 1).to_string())
            });
            counted.await.unwrap();
            // Keep the namespace busy with entries that expire, sweeps and listings.
            kv.put_with(format!("other-{thread}"), "1", hold).await.unwrap();
            clock.advance(Duration::from_secs(20));
            kv.sweep().await;
            let keys: Vec<KeyInfo> = kv.list(ListOptions::default()).try_collect().await.unwrap();
            assert!(keys.iter().any(|key| key.name.as_str() == "count"));
        }
    });
    let count = block_on(kv.get_json::<usize>("count")).unwrap();
    assert_eq!(count, Some(THREADS * ROUNDS));
}

#[test]
fn no_version_is_given_twice() {
    let kv = MemoryNamespace::new();
    let versions = std::sync::Mutex::new(Vec::new());
    let holders = AtomicUsize::new(0);
    on_threads(async |thread| {
        for round in 0..500 {
            let taken = kv.put_if("lock", Expected::Absent, thread.to_string(), PutOptions::default());
            let Conditional::Applied(taken) = taken.await.unwrap() else {
                continue;
            };
            assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "two hold the lock in round {round}");
            let (entry, version) = kv.get_versioned("lock").await.unwrap().unwrap();
            assert_eq!((entry.value.text().unwrap(), version), (thread.to_string().as_str(), taken));
            holders.fetch_sub(1, Ordering::SeqCst);
            let Conditional::Applied(released) = kv.delete_if("lock", taken).await.unwrap() else {
                panic!("somebody else took the lock away");
            };
            versions.lock().unwrap().extend([taken, released]);
        }
    });
    let versions = versions.into_inner().unwrap();
    assert!(versions.len() >= 2 * THREADS);
    let numbers: BTreeSet<_> = versions.iter().map(|version| version.as_u64()).collect();
    assert_eq!(numbers.len(), versions.len());
}

#[test]
fn deletion_beside_writers_ends_every_operation() {
    for _ in 0..20 {
        let store = MemoryStore::new();
        let created = block_on(store.create_namespace(NamespaceTitle::new("a").unwrap())).unwrap();
        let kv = store.namespace(&created.id);
        let deleted = AtomicBool::new(false);
        on_threads(async |thread| {
            if thread == 0 {
                store.delete_namespace(&created.id).await.unwrap();
                deleted.store(true, Ordering::SeqCst);
                return;
            }
            for number in 0..2_000 {
                let key = format!("{thread}-{number}");
                let gone = deleted.load(Ordering::SeqCst);
                let put = kv.put(&key, "1").await;
                let read = kv.get(&key).await;
                match (put, read) {
                    (Ok(()), Ok(read)) => assert!(read.is_some() && !gone),
                    (_, Err(error)) => assert_eq!(error.kind(), ErrorKind::NamespaceNotFound),
                    (Err(error), Ok(_)) => panic!("it came back after: {error}"),
                }
            }
        });
        let refused = block_on(kv.get("a")).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NamespaceNotFound);
    }
}
