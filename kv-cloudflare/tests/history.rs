//! Linearizability of concurrent clients, some of whose futures are dropped, over kv-server and real sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod subjects;

use kv_testkit::{HistoryOptions, history_test};

/// Fewer histories than for the stores themselves, since each call is a request or more.
fn options() -> HistoryOptions {
    let options = HistoryOptions::default();
    let histories = options.histories / 4;
    options.with_histories(histories)
}

#[test]
fn histories_over_memory_are_linearizable() {
    history_test(async || subjects::memory(|client, _, _| client).await, options());
}

#[test]
fn histories_over_redb_are_linearizable() {
    history_test(async || subjects::redb(|client, _, _| client).await, options());
}
