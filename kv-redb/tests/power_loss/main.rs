//! What is left when the disk fails, is full, or loses its power.
//!
//! `cargo test -p workers-kv-redb --test power_loss` runs what fits into some seconds; `PROPTEST_CASES=20000` before it runs more, and
//! from 400 on also every torn end of a new file's header.
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

/// Number of disks that fail, unless the environment variable says another one.
const CASES: u32 = 100;
/// From so many on, nothing is left out.
const ALL: u32 = 400;

fn cases() -> u32 {
    // The variable is in the configuration already.
    let configured = proptest::test_runner::Config::default().cases;
    if std::env::var_os("PROPTEST_CASES").is_some() { configured } else { CASES }
}
