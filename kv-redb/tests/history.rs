//! Linearizability of concurrent clients, some of whose futures are dropped.

mod subjects;

use kv_testkit::{HistoryOptions, history_test};

#[test]
fn histories_are_linearizable() {
    history_test(subjects::redb, HistoryOptions::default());
}

#[test]
fn histories_behind_a_pointer_are_linearizable() {
    history_test(subjects::shared_redb, HistoryOptions::default());
}
