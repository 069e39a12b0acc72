//! Allocations of a call over a namespace that does nothing: the contract's own share.
//!
//! A separate test binary, since it replaces the allocator by one that counts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use kv_core::{
    Entry, GetOptions, Key, ListOptions, ListPage, PutOptions, Result, Value, async_trait, prelude::*,
};

/// A namespace in which every key has the same value, which it never has to allocate.
#[derive(Debug)]
struct Trivial;

const VALUE: Value = Value::from_static(b"the value");

#[async_trait]
impl KvNamespace for Trivial {
    async fn read(&self, _: Key<'_>, _: GetOptions) -> Result<Option<Entry>> {
        Ok(Some(Entry::new(VALUE)))
    }

    async fn write(&self, _: Key<'_>, _: Value, _: PutOptions) -> Result<()> {
        Ok(())
    }

    async fn remove(&self, _: Key<'_>) -> Result<()> {
        Ok(())
    }

    async fn list_page(&self, _: ListOptions) -> Result<ListPage> {
        Ok(ListPage::default())
    }
}

/// The allocations of a future that is ready when it is polled once, from making it to its answer.
fn allocations<F: Future>(make: impl FnOnce() -> F) -> u64 {
    let info = allocation_counter::measure(|| {
        let mut future = pin!(make());
        let answer = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(answer, Poll::Ready(_)), "a trivial namespace never waits");
    });
    info.count_total
}

/// The allocations of a `get`, a `put` and a `delete` by `&str`.
fn calls<N: KvNamespace>(name: &str, kv: &N) -> [u64; 3] {
    let counts = [
        allocations(|| async { assert_eq!(kv.get("session:17").await.unwrap(), Some(VALUE)) }),
        allocations(|| async { kv.put("session:17", VALUE).await.unwrap() }),
        allocations(|| async { kv.delete("session:17").await.unwrap() }),
    ];
    println!("{name:<30} get {}, put {}, delete {}", counts[0], counts[1], counts[2]);
    counts
}

#[test]
fn a_call_costs_one_allocation_through_any_number_of_pointers() {
    let shared: Arc<dyn KvNamespace> = Arc::new(Trivial);
    let boxed: Box<dyn KvNamespace> = Box::new(Trivial);
    let twice: Arc<Arc<dyn KvNamespace>> = Arc::new(Arc::clone(&shared));
    let thrice: Box<Arc<Arc<dyn KvNamespace>>> = Box::new(Arc::clone(&twice));
    let counts = [
        calls("Trivial", &Trivial),
        calls("Arc<dyn KvNamespace>", &shared),
        calls("Box<dyn KvNamespace>", &boxed),
        calls("Arc<Arc<dyn KvNamespace>>", &twice),
        calls("Box<Arc<Arc<dyn KvNamespace>>>", &thrice),
    ];
    assert_eq!(counts, [[1; 3]; 5]);
}

#[test]
fn an_owned_key_costs_nothing_more_and_copied_bytes_cost_their_copy() {
    let kv: Arc<dyn KvNamespace> = Arc::new(Trivial);
    let key = String::from("session:17");
    assert_eq!(allocations(|| kv.get(key)), 1);
    assert_eq!(allocations(|| kv.get(Key::from_static("session:17"))), 1);
    let value = vec![7; 1_000];
    assert_eq!(allocations(|| kv.put("session:17", &value)), 2);
    assert_eq!(allocations(|| kv.put("session:17", value)), 1);
}
