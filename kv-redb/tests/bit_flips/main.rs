//! Flips of single bits in a store's file: no bit ends the process, and no bit leads to a wrong answer.
//!
//! redb panics over some damaged pages, and a destructor that panics during another panic ends the process.
//! So child processes open the files, and the parent checks how they end. A plain run flips 100 bits in each
//! of three files; `KV_REDB_FLIPS=20000` sets the number, and `KV_REDB_SEED` repeats a run. A release build
//! is faster: `KV_REDB_FLIPS=20000 cargo test --release -p workers-kv-redb --test bit_flips`.
//!
//! The suite has a harness of its own, since its program is also the child process.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod base_file;
mod child;
mod parent;
#[path = "../random/mod.rs"]
mod random;

use libtest_mimic::{Arguments, Trial};

use crate::base_file::BaseFile;

/// Bits that a plain run flips in each file.
const FLIPS: usize = 100;

fn main() {
    if child::is_this_process() {
        return child::run();
    }
    let trials = [
        ("a_flipped_bit_in_a_closed_file_ends_no_process", BaseFile::Closed),
        ("a_flipped_bit_in_a_file_after_a_crash_ends_no_process", BaseFile::Crashed),
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
