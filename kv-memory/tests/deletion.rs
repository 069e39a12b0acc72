//! Deletion of a namespace, and closing of a store: their cost does not grow with the number of entries.
//!
//! Shown by the work that the calling thread does: how often the call is polled, and what it allocates and
//! frees.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::{AllocationInfo, measure};
use kv_core::{ErrorKind, KvStore, NamespaceId, NamespaceTitle, PutEntry, prelude::*};
use kv_memory::MemoryStore;

/// More than a call needs that frees no entry, and far less than one that does.
const MAX_STEPS: u64 = 200;
const SIZES: [usize; 3] = [0, 1_000, 100_000];

/// Polls `future` until it is done, without a runtime, and answers how often.
fn drive<T>(future: impl Future<Output = T>) -> (T, usize) {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    let mut polls = 0;
    loop {
        polls += 1;
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return (output, polls);
        }
    }
}

/// A store with one namespace of `entries` entries, its id, and a handle that keeps the namespace's memory.
fn filled(entries: usize) -> (MemoryStore, NamespaceId, impl KvNamespace + use<>) {
    let store = MemoryStore::new();
    let (kv, _) = drive(store.open_namespace("large"));
    let kv = kv.unwrap();
    let puts = (0..entries).map(|number| PutEntry::new(format!("key-{number}"), vec![1; 20]).unwrap());
    assert_eq!(drive(kv.put_many(puts)).0.unwrap().succeeded, entries);
    (store, kv.id().unwrap().clone(), kv)
}

/// Fails unless `call` ends at its first poll, having done next to nothing.
fn check_cheap<T>(what: &str, entries: usize, call: impl Future<Output = kv_core::Result<T>>) {
    let mut polls = 0;
    let AllocationInfo { count_total: allocated, count_current, .. } = measure(|| {
        let (answer, polled) = drive(call);
        answer.unwrap();
        polls = polled;
    });
    let freed = i64::try_from(allocated).unwrap() - count_current;
    println!("{what} of {entries} entries: {polls} polls, {allocated} allocations, {freed} freed");
    assert_eq!(polls, 1, "{what} of {entries} entries waits");
    let steps = allocated + freed.unsigned_abs();
    assert!(steps < MAX_STEPS, "{what} of {entries} entries takes {steps} steps");
}

#[test]
fn deletion_costs_the_same_for_any_number_of_entries() {
    for entries in SIZES {
        let (store, id, kv) = filled(entries);
        check_cheap("a deletion", entries, store.delete_namespace(&id));
        assert_eq!(drive(kv.get("key-0")).0.unwrap_err().kind(), ErrorKind::NamespaceNotFound);
        assert!(drive(store.list_namespaces()).0.unwrap().is_empty());
        check_cheap(
            "a creation under the deleted title",
            entries,
            store.create_namespace(NamespaceTitle::new("large").unwrap()),
        );
    }
}

#[test]
fn closing_costs_the_same_for_any_number_of_entries() {
    for entries in SIZES {
        let (store, _, kv) = filled(entries);
        check_cheap("closing", entries, store.close());
        assert_eq!(drive(kv.get("key-0")).0.unwrap_err().kind(), ErrorKind::Closed);
    }
}
