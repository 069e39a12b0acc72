//! Clients at the same time, some of whose futures are dropped, over kv-server and real sockets: their histories are ones
//! that some order explains.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod subjects;

use kv_testkit::{HistoryOptions, history_test};

/// Each call is a request or more, so there are fewer histories than where the stores themselves are tested.
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
