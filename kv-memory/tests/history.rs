//! Histories of concurrent clients, some of whose futures are dropped: some order explains each.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use kv_core::KvNamespace;
use kv_memory::{BoundedMemoryNamespace, MemoryNamespace};
use kv_testkit::{HistoryOptions, Subject, history_test};

#[test]
fn histories_are_linearizable() {
    let report =
        history_test(async || Subject::new(Arc::new(MemoryNamespace::new())), HistoryOptions::default());
    assert!(report.answered > 0, "{report}");
}

#[test]
fn histories_behind_a_pointer_are_linearizable() {
    let namespace: Arc<dyn KvNamespace> = Arc::new(MemoryNamespace::new());
    history_test(async || Subject::new(Arc::new(namespace)), HistoryOptions::default());
}

/// As long as it evicts nothing.
#[test]
fn bounded_histories_are_linearizable() {
    let namespace = BoundedMemoryNamespace::new(1 << 30);
    history_test(async || Subject::new(Arc::new(namespace)), HistoryOptions::default());
}
