//! The local backends behave as the model does, and namespaces that are broken on purpose do not.

mod faulty;
mod subjects;

use std::sync::Arc;

use kv_testkit::{ModelOptions, Subject, model_test};

use self::faulty::{Fault, Faulty};

#[test]
fn memory_behaves_as_the_model() {
    model_test(subjects::memory, ModelOptions::default());
}

#[test]
fn memory_behind_a_shared_pointer_behaves_as_the_model() {
    model_test(subjects::shared_memory, ModelOptions::default());
}

/// Fewer than by default: kv-redb's own tests run them all.
fn few() -> ModelOptions {
    ModelOptions::default().with_sequences(64)
}

#[test]
fn redb_behaves_as_the_model() {
    model_test(subjects::redb, few());
}

#[test]
fn redb_behind_a_shared_pointer_behaves_as_the_model() {
    model_test(subjects::shared_redb, few());
}

/// The seed is fixed: chance must not decide whether a fault is found, or how it shows.
fn options() -> ModelOptions {
    ModelOptions::default().with_seed(1)
}

fn run(fault: Fault) {
    let factory = async || {
        let (inner, clock) = subjects::memory_parts();
        Subject::new(Arc::new(Faulty { inner, fault })).with_clock(clock)
    };
    model_test(factory, options());
}

#[test]
#[should_panic(expected = "(resume)")]
fn a_cursor_that_counts_is_found() {
    run(Fault::CursorCounts);
}

#[test]
#[should_panic(expected = "WriteMany")]
fn a_bulk_write_in_which_the_first_duplicate_wins_is_found() {
    run(Fault::FirstDuplicateWins);
}

#[test]
#[should_panic(expected = "took one version")]
fn a_version_that_comes_again_is_found() {
    run(Fault::VersionOfValue);
}

#[test]
#[should_panic(expected = "SetBack")]
fn an_entry_that_comes_back_after_a_sweep_is_found() {
    let factory = async || {
        let (namespace, clock) = subjects::memory_parts();
        Subject::new(Arc::new(namespace)).with_clock(clock).with_sweep(|| Box::pin(async {}))
    };
    model_test(factory, options());
}
