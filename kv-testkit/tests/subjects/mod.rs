//! What the model test and the vectors run on.
#![allow(clippy::unwrap_used, reason = "a factory fails by panicking")]

use std::sync::Arc;

use futures_util::FutureExt;
use kv_core::KvNamespace;
use kv_memory::MemoryNamespace;
use kv_testkit::{ManualClock, Subject};

// The backend's own description of itself, so that there is one.
#[path = "../../../kv-redb/tests/subjects/mod.rs"]
mod redb;

pub(crate) use redb::{redb, shared_redb};

/// A namespace in memory, and the clock that it asks.
pub(crate) fn memory_parts() -> (MemoryNamespace, ManualClock) {
    let clock = ManualClock::default();
    (MemoryNamespace::builder().clock(Arc::new(clock.clone())).build(), clock)
}

/// A namespace in memory.
pub(crate) async fn memory() -> Subject {
    let (namespace, clock) = memory_parts();
    over_memory(Arc::new(namespace.clone()), namespace, clock)
}

/// A namespace in memory behind an `Arc<dyn KvNamespace>`, which is a namespace itself.
pub(crate) async fn shared_memory() -> Subject {
    let (namespace, clock) = memory_parts();
    let shared: Arc<dyn KvNamespace> = Arc::new(namespace.clone());
    over_memory(Arc::new(shared), namespace, clock)
}

fn over_memory(outer: Arc<dyn KvNamespace>, inner: MemoryNamespace, clock: ManualClock) -> Subject {
    let sweep = move || {
        let inner = inner.clone();
        async move { _ = inner.sweep().await }.boxed()
    };
    Subject::new(outer).with_clock(clock).with_sweep(sweep)
}
