//! Bounded namespace: the entries that it evicts, and that an evicted entry is absent for every call.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use kv_core::{Expiration, KeyInfo, ListOptions, limits, prelude::*};
use kv_memory::BoundedMemoryNamespace;
use kv_testkit::{ManualClock, block_on};

const BOUND: u64 = 1_000_000;

async fn listed(kv: &BoundedMemoryNamespace) -> Vec<String> {
    let keys: Vec<KeyInfo> = kv.list(ListOptions::default()).try_collect().await.unwrap();
    keys.into_iter().map(|key| key.name.into_string()).collect()
}

async fn readable(kv: &BoundedMemoryNamespace, keys: &[String]) -> usize {
    let mut readable = 0;
    for key in keys {
        readable += usize::from(kv.get(key).await.unwrap().is_some());
    }
    readable
}

#[test]
fn list_shows_what_get_gives() {
    block_on(async {
        let kv = BoundedMemoryNamespace::new(BOUND);
        let written: Vec<_> = (0..3_000).map(|number| format!("key-{number:04}")).collect();
        for key in &written {
            kv.put(key, vec![1; 1_000]).await.unwrap();
            // Without any sweep, the list is never far behind.
            let keys = kv.list_page(ListOptions::default()).await.unwrap().keys.len();
            assert!(keys as u64 * 1_000 < BOUND * 5 / 4, "{keys} keys are listed");
        }
        kv.sweep().await;
        let kept = listed(&kv).await;
        assert!((300..900).contains(&kept.len()), "{} of 3,000 entries are left", kept.len());
        assert_eq!(readable(&kv, &kept).await, kept.len());
        assert_eq!(readable(&kv, &written).await, kept.len());
    });
}

#[test]
fn new_entry_is_taken_and_what_was_used_last_is_kept() {
    block_on(async {
        let kv = BoundedMemoryNamespace::new(BOUND);
        kv.put("used", "1").await.unwrap();
        kv.put("idle", "1").await.unwrap();
        for number in 0..3_000 {
            let key = format!("key-{number}");
            kv.put(&key, vec![1; 1_000]).await.unwrap();
            assert!(kv.get(&key).await.unwrap().is_some(), "entry {number} is not taken");
            assert!(kv.get("used").await.unwrap().is_some(), "lost after {number} entries");
        }
        kv.sweep().await;
        assert!(kv.get("used").await.unwrap().is_some());
        assert_eq!(kv.get("idle").await.unwrap(), None);
    });
}

#[test]
fn overwriting_takes_no_more_room() {
    block_on(async {
        let kv = BoundedMemoryNamespace::new(BOUND);
        kv.put("other", "1").await.unwrap();
        for number in 0..500_u32 {
            kv.put("same", vec![1; 300_000 + number as usize]).await.unwrap();
        }
        kv.sweep().await;
        assert_eq!(listed(&kv).await, ["other", "same"]);
        assert_eq!(kv.get("same").await.unwrap().unwrap().len(), 300_499);
    });
}

#[test]
fn entry_that_is_larger_than_the_bound_is_forgotten_at_once() {
    block_on(async {
        for bound in [0, 1, 100, BOUND] {
            let kv = BoundedMemoryNamespace::new(bound);
            kv.put("large", vec![1; limits::MAX_VALUE_BYTES]).await.unwrap();
            assert_eq!(kv.get("large").await.unwrap(), None, "with a bound of {bound}");
            assert!(listed(&kv).await.is_empty(), "with a bound of {bound}");
        }
    });
}

#[test]
fn entry_that_grows_over_the_bound_is_forgotten() {
    block_on(async {
        let kv = BoundedMemoryNamespace::new(BOUND);
        kv.put("grows", "small").await.unwrap();
        kv.sweep().await;
        kv.put("grows", vec![1; 2_000_000]).await.unwrap();
        kv.sweep().await;
        assert_eq!(kv.get("grows").await.unwrap(), None);
        assert!(listed(&kv).await.is_empty());
        kv.put("after", "1").await.unwrap();
        assert!(kv.get("after").await.unwrap().is_some());
    });
}

#[test]
fn expired_entries_make_room() {
    block_on(async {
        let clock = ManualClock::default();
        let kv = BoundedMemoryNamespace::builder(BOUND).clock(Arc::new(clock.clone())).build();
        let minute = Duration::from_secs(60);
        for number in 0..500 {
            let hold = Expiration::after(minute).unwrap();
            kv.put_with(format!("old-{number}"), vec![1; 1_000], hold).await.unwrap();
        }
        clock.advance(minute);
        assert_eq!(kv.sweep().await, 500);
        for number in 0..500 {
            kv.put(format!("new-{number}"), vec![1; 1_000]).await.unwrap();
        }
        kv.sweep().await;
        assert_eq!(listed(&kv).await.len(), 500);
    });
}

#[test]
fn bounded_namespace_is_not_atomic() {
    let kv: Arc<dyn KvNamespace> = Arc::new(BoundedMemoryNamespace::new(BOUND));
    assert!(kv.into_atomic().is_none());
}

#[test]
fn threads_at_the_bound_leave_index_and_cache_agreed() {
    let kv = BoundedMemoryNamespace::new(BOUND);
    let clones: Vec<_> = (0..4).map(|_| kv.clone()).collect();
    std::thread::scope(|scope| {
        for (thread, kv) in clones.iter().enumerate() {
            scope.spawn(move || {
                block_on(async {
                    for number in 0..2_000 {
                        let key = format!("key-{}", (number * 7 + thread) % 1_500);
                        match (number + thread) % 5 {
                            0 => kv.delete(&key).await.unwrap(),
                            1 => drop(kv.get(&key).await.unwrap()),
                            2 if number % 100 == 2 => drop(listed(kv).await),
                            _ => kv.put(&key, vec![1; 1_000]).await.unwrap(),
                        }
                    }
                });
            });
        }
    });
    block_on(async {
        kv.sweep().await;
        let all: Vec<_> = (0..1_500).map(|number| format!("key-{number}")).collect();
        let kept = listed(&kv).await;
        assert!(!kept.is_empty() && kept.len() < 1_000);
        assert_eq!(readable(&kv, &kept).await, kept.len());
        assert_eq!(readable(&kv, &all).await, kept.len());
    });
}
