//! A store's file with one flipped bit, over and over: whatever the bit, the process lives on, and no answer is wrong.
//!
//! Over some damaged pages redb panics, and a panic of a destructor while another one unwinds ends the process, so the
//! files are opened in child processes, whose exit is looked at. A plain run flips some hundred bits; `KV_REDB_FLIPS=20000`
//! before it sets how many, and `KV_REDB_SEED` repeats a run. In a release build it goes faster:
//! `KV_REDB_FLIPS=20000 cargo test --release -p workers-kv-redb --test bit_flips`.
//!
//! This is a test of its own harness, since it is also the child.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod base_file;
mod child;
mod parent;
mod random;

use libtest_mimic::{Arguments, Trial};

use crate::base_file::BaseFile;

/// Number of bits that a plain run flips in each file.
const FLIPS: usize = 100;

fn main() {
    if child::is_this_process() {
        return child::run();
    }
    let trials = [
        ("a_flipped_bit_in_a_closed_file_ends_no_process", BaseFile::Closed),
        ("a_flipped_bit_in_a_file_of_a_crash_ends_no_process", BaseFile::Crashed),
        ("a_flipped_bit_in_a_file_with_quick_repair_ends_no_process", BaseFile::CrashedWithQuickRepair),
    ];
    let trials = trials.map(|(name, base)| {
        Trial::test(name, move || {
            parent::run(base);
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit();
}

fn variable<T: std::str::FromStr<Err: std::fmt::Debug>>(name: &str) -> Option<T> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}
