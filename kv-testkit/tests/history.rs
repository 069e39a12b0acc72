//! Tests of the history test itself: namespaces that are broken on purpose, and the failures that it reports.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod unordered;

use std::{
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::{Arc, Once},
};

use kv_memory::{BoundedMemoryNamespace, MemoryNamespace};
use kv_testkit::{HistoryOptions, Subject, history_test};

use self::unordered::{Disorder, Unordered};

#[test]
fn plans_without_conditional_writes_run_too() {
    let namespace = BoundedMemoryNamespace::new(100_000_000);
    let options = HistoryOptions::default().with_histories(50).with_seed(1).without_listings();
    let report = history_test(async || Subject::new(Arc::new(namespace)), options);
    assert!(report.answered > 500, "{report}");
}

#[test]
fn histories_have_dropped_calls_and_overlapping_calls() {
    let namespace = Unordered::new(MemoryNamespace::new(), Disorder::None);
    let options = HistoryOptions::default().with_histories(20).with_seed(1);
    let report = history_test(async || Subject::new(Arc::new(namespace)), options);
    assert!(report.unknown > 0 && report.overlapping > 0, "{report}");
}

/// Prints only the panics of this file: those of the history test are expected.
fn silence_the_history_test() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |info| {
            if info.location().is_some_and(|location| location.file() == file!()) {
                print(info);
            }
        }));
    });
}

/// Returns the message of the history test about a namespace with `disorder`.
fn failure(disorder: Disorder) -> String {
    let factory = async || {
        let namespace = Unordered::new(MemoryNamespace::new(), disorder);
        Subject::new(Arc::new(namespace))
    };
    silence_the_history_test();
    // More than most disorders need. The plans are the same every time, so that less depends on chance.
    let options = HistoryOptions::default().with_histories(2_000).with_seed(1);
    let panic = catch_unwind(AssertUnwindSafe(|| history_test(factory, options)));
    let payload = panic.map(|report| panic!("{disorder:?} was not found: {report}")).unwrap_err();
    payload.downcast_ref::<String>().unwrap().clone()
}

/// Runs the test on every disorder and checks its message.
#[test]
fn each_disorder_is_found() {
    for (disorder, expected) in unordered::ALL {
        let message = failure(*disorder);
        println!("{disorder:?}: {message}\n");
        let is_found = expected.iter().any(|sentence| message.contains(sentence));
        assert!(is_found, "the message names {disorder:?}: {message}");
        assert!(message.contains("KV_HISTORY_SEED=1"), "{message}");
    }
}
