//! Heap usage: the bound holds for real bytes, and removed entries are freed.
//!
//! One test alone, since it counts the allocations of the whole process: deleted namespaces are freed by a
//! thread of the store.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use kv_core::{Expiration, KvStore, Metadata, NamespaceTitle, PutOptions, prelude::*};
use kv_memory::{BoundedMemoryNamespace, MemoryNamespace, MemoryStore};
use kv_testkit::{ManualClock, block_on};
use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const ENTRIES: u64 = 2_000;
const VALUE: usize = 1_000;
const LARGE: usize = 1_000_000;

/// Returns the bytes that `work` left on the heap.
fn left(work: impl FnOnce()) -> u64 {
    let before = HEAP.current_usage();
    work();
    HEAP.current_usage().saturating_sub(before) as u64
}

async fn fill(kv: &dyn KvNamespace, options: &PutOptions) {
    for number in 0..ENTRIES {
        let key = format!("key-{number:08}");
        kv.put_with(key, vec![1; VALUE], options.clone()).await.unwrap();
    }
}

fn check_given_back(what: &str, kv: &dyn KvNamespace, take_out: impl FnOnce()) {
    let a_minute = Expiration::after(Duration::from_secs(60)).unwrap().into();
    let mut held = 0;
    let after = left(|| {
        held = left(|| block_on(fill(kv, &a_minute)));
        take_out();
    });
    assert!(held > ENTRIES * VALUE as u64, "{what}: {held} bytes hold the entries");
    assert!(after < held / 10, "{what}: {after} of {held} bytes are left");
}

/// Checks that replaced and removed values are freed soon, without a sweep and without another call.
fn check_large_values(kv: &dyn KvNamespace) {
    let after = left(|| {
        block_on(async {
            for number in 0..80 {
                kv.put("overwritten", vec![1; LARGE]).await.unwrap();
                kv.put(format!("key-{number}"), vec![1; LARGE]).await.unwrap();
                kv.get("overwritten").await.unwrap();
            }
            for number in 0..80 {
                kv.delete(format!("key-{number}")).await.unwrap();
            }
        });
    });
    assert!(after < 8 * LARGE as u64, "{after} bytes are left of 160 values of {LARGE} bytes");
}

fn check_bound(value: usize, options: &PutOptions) {
    const BOUND: u64 = 4_000_000;
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let kv = BoundedMemoryNamespace::new(BOUND);
    block_on(async {
        for number in 0..3 * BOUND / (value as u64 + 300) {
            let key = format!("key-{number:08}");
            kv.put_with(key, vec![1; value], options.clone()).await.unwrap();
        }
        kv.sweep().await;
    });
    let percent = |usage: usize| usage.saturating_sub(before) as u64 * 100 / BOUND;
    let after = percent(HEAP.current_usage());
    let most = percent(HEAP.peak_usage());
    drop(kv);
    println!("values of {value} bytes: {after} % of the bound, {most} % at most");
    assert!((80..120).contains(&after), "values of {value} bytes take {after} % of the bound");
    assert!(most < 150, "values of {value} bytes take {most} % of the bound for a while");
}

#[test]
fn heap_agrees() {
    let clock = ManualClock::default();
    let namespace = || MemoryNamespace::builder().clock(Arc::new(clock.clone())).build();
    let kv = namespace();
    check_given_back("a sweep", &kv, || {
        clock.advance(Duration::from_secs(60));
        assert_eq!(block_on(kv.sweep()) as u64, ENTRIES);
    });
    check_large_values(&namespace());
    let kv = namespace();
    check_given_back("removals", &kv, || {
        block_on(async {
            for number in 0..ENTRIES {
                kv.delete(format!("key-{number:08}")).await.unwrap();
            }
            kv.sweep().await;
        });
    });
    let store = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
    let created = block_on(store.create_namespace(NamespaceTitle::new("deleted").unwrap())).unwrap();
    check_given_back("a deletion", &*store.namespace(&created.id), || {
        block_on(store.delete_namespace(&created.id)).unwrap();
        // It ends once all is freed, by itself or by the store's thread.
        assert_eq!(block_on(store.sweep()), 0);
    });
    let kv = block_on(store.open_namespace("closed")).unwrap();
    check_given_back("closing", &kv, || {
        block_on(store.close()).unwrap();
        assert_eq!(block_on(store.sweep()), 0);
    });

    let plain = PutOptions::default();
    let full = PutOptions::from(Expiration::after(Duration::from_secs(3_600)).unwrap())
        .with_metadata(Metadata::new("some metadata").unwrap());
    for value in [0, 100, 10_000, 500_000] {
        check_bound(value, &plain);
        check_bound(value, &full);
    }
}
