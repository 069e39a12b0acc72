//! Conformance of every kind of namespace in memory.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use kv_core::{KvNamespace, KvStore};
use kv_memory::{BoundedMemoryNamespace, MemoryNamespace, MemoryStore};
use kv_testkit::{ManualClock, ModelOptions, Subject, model_test};

/// Far more than any case writes.
const LARGE: u64 = 1 << 32;

fn clock() -> (ManualClock, Arc<dyn kv_core::Clock>) {
    let clock = ManualClock::default();
    (clock.clone(), Arc::new(clock))
}

fn unbounded(wrap: impl FnOnce(MemoryNamespace) -> Arc<dyn KvNamespace>) -> Subject {
    let (manual, clock) = clock();
    let namespace = MemoryNamespace::builder().clock(clock).build();
    let swept = namespace.clone();
    Subject::new(wrap(namespace)).with_clock(manual).with_sweep(move || {
        let swept = swept.clone();
        Box::pin(async move {
            swept.sweep().await;
        })
    })
}

async fn direct() -> Subject {
    unbounded(|namespace| Arc::new(namespace))
}

/// `Arc<dyn KvNamespace>` is a namespace itself, and so may be shared once more.
async fn erased() -> Subject {
    unbounded(|namespace| {
        let erased: Arc<dyn KvNamespace> = Arc::new(namespace);
        Arc::new(erased)
    })
}

async fn stored() -> Subject {
    let (manual, clock) = clock();
    let store = MemoryStore::builder().clock(clock).build();
    let namespace = store.open_namespace("conformance").await.unwrap();
    let swept = store.clone();
    Subject::new(Arc::new(namespace)).with_clock(manual).with_store(Arc::new(store)).with_sweep(move || {
        let swept = swept.clone();
        Box::pin(async move {
            swept.sweep().await;
        })
    })
}

/// The handle by id, which a store gives without its type.
async fn by_id() -> Subject {
    let (manual, clock) = clock();
    let store = MemoryStore::builder().clock(clock).build();
    let opened = store.open_namespace("conformance").await.unwrap();
    let namespace = store.namespace(opened.id().unwrap());
    Subject::new(namespace).with_clock(manual).with_store(Arc::new(store))
}

async fn bounded() -> Subject {
    let (manual, clock) = clock();
    let namespace = BoundedMemoryNamespace::builder(LARGE).clock(clock).build();
    let swept = namespace.clone();
    Subject::new(Arc::new(namespace)).with_clock(manual).with_sweep(move || {
        let swept = swept.clone();
        Box::pin(async move {
            swept.sweep().await;
        })
    })
}

mod direct {
    kv_testkit::conformance!(super::direct, clock, atomic);
}

mod erased {
    kv_testkit::conformance!(super::erased, clock, atomic);
}

mod stored {
    kv_testkit::conformance!(super::stored, clock, atomic, store);
}

mod by_id {
    kv_testkit::conformance!(super::by_id, clock, atomic, store);
}

mod bounded {
    kv_testkit::conformance!(super::bounded, clock);
}

#[test]
fn direct_agrees_with_the_model() {
    model_test(direct, ModelOptions::default());
}

#[test]
fn stored_agrees_with_the_model() {
    model_test(stored, ModelOptions::default());
}

#[test]
fn erased_agrees_with_the_model() {
    model_test(erased, ModelOptions::default());
}

#[test]
fn bounded_agrees_with_the_model_within_its_bound() {
    model_test(bounded, ModelOptions::default());
}
