//! Stores on a simulated disk that fails, is full, or loses its power.
//!
//! `cargo test -p workers-kv-redb --test power_loss` runs 100 sequences of sessions. `PROPTEST_CASES=20000`
//! sets the number; from 400 on, every torn write of a new file's header is tried too.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod creation;
mod disk;
mod failures;
mod full_disk;
mod harness;
mod sessions;
#[path = "../store_model/mod.rs"]
mod store_model;
mod survivors;

/// Sequences of sessions, if `PROPTEST_CASES` is not set.
const CASES: u32 = 100;
/// Number of cases from which on every byte of a header is tried.
const ALL: u32 = 400;

fn cases() -> u32 {
    // Proptest has read `PROPTEST_CASES` already.
    let configured = proptest::test_runner::Config::default().cases;
    if std::env::var_os("PROPTEST_CASES").is_some() { configured } else { CASES }
}
