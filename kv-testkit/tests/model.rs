//! The model test on the reference backend, and on namespaces that are broken on purpose.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the backend is a helper of tests")]

mod faulty;
#[expect(dead_code, reason = "only one test breaks the backend in every way")]
mod reference;

use std::sync::Arc;

use kv_core::KvNamespace;
use kv_memory::MemoryNamespace;
use kv_testkit::{ManualClock, ModelOptions, Subject, model_test};

use crate::{
    faulty::{Fault, Faulty},
    reference::subject_with,
};

#[test]
fn reference_agrees_with_the_model() {
    model_test(async || subject_with(None), ModelOptions::default());
}

fn memory() -> (MemoryNamespace, ManualClock) {
    let clock = ManualClock::default();
    (MemoryNamespace::builder().clock(Arc::new(clock.clone())).build(), clock)
}

/// Options with a fixed seed: chance must not decide whether a fault is found, or how it shows.
fn options() -> ModelOptions {
    ModelOptions::default().with_seed(1)
}

fn run(fault: Fault) {
    let factory = async || {
        let (inner, clock) = memory();
        Subject::new(Arc::new(Faulty { inner, fault })).with_clock(clock)
    };
    model_test(factory, options());
}

#[test]
#[should_panic(expected = "(resume)")]
fn cursor_that_counts_keys_is_found() {
    run(Fault::CursorCounts);
}

#[test]
#[should_panic(expected = "WriteMany")]
fn bulk_write_in_which_the_first_duplicate_wins_is_found() {
    run(Fault::FirstDuplicateWins);
}

#[test]
#[should_panic(expected = "took the same version")]
fn version_that_is_used_twice_is_found() {
    run(Fault::VersionOfValue);
}

#[test]
#[should_panic(expected = "SetBack")]
fn entry_that_comes_back_after_a_sweep_is_found() {
    let factory = async || {
        let (namespace, clock) = memory();
        let namespace: Arc<dyn KvNamespace> = Arc::new(namespace);
        Subject::new(namespace).with_clock(clock).with_sweep(|| Box::pin(async {}))
    };
    model_test(factory, options());
}
