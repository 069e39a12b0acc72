//! Kills with SIGKILL, at random points, of a process that uses a store. Each kill is followed by a check of
//! the file and the next process on it.
//!
//! `cargo test -p workers-kv-redb --test kill` kills about 40 processes; its last line has the number.
//! `KV_REDB_KILLS=5000` sets the kills of writing processes, and the other tests follow. A failure prints its
//! seed, and `KV_REDB_SEED` repeats it: the seed decides operations and kill points, the system how far the
//! process gets.
//!
//! The suite has a harness of its own, since its program is also the child process.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod child;
mod child_process;
mod creation;
mod job;
#[path = "../random/mod.rs"]
mod random;
mod store_file;
#[path = "../store_model/mod.rs"]
mod store_model;
mod sweeps;
mod writes;

use libtest_mimic::{Arguments, Trial};

use crate::{
    job::Job,
    random::{Random, variable},
};

/// Kills of writing processes in a plain run, half of them with quick repair.
const KILLS: u32 = 18;

fn main() {
    if let Some(job) = Job::of_this_process() {
        return child::run(job);
    }
    let kills = variable("KV_REDB_KILLS").unwrap_or(KILLS);
    let mut trials = vec![
        trial("every_answered_write_survives_kills", move |random| {
            writes::run(random, kills.div_ceil(2), false);
        }),
        trial("every_answered_write_survives_kills_with_quick_repair", move |random| {
            writes::run(random, kills / 2, true);
        }),
        trial("a_file_opens_after_a_kill_during_its_creation", move |random| {
            creation::run(random, kills / 3);
        }),
        trial("a_file_opens_while_other_processes_start", move |_| {
            creation::open_while_processes_start(2 * kills);
        }),
        trial("a_sweep_goes_on_after_a_kill", move |random| sweeps::run(random, kills / 3)),
    ];
    if cfg!(unix) {
        trials.push(trial("a_file_that_cannot_grow_keeps_every_answered_write", move |random| {
            writes::run_until_full(random, kills.div_ceil(20));
        }));
    }
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    println!("{} processes were killed", child_process::killed());
    conclusion.exit();
}

fn trial(name: &str, run: impl FnOnce(&mut Random) + Send + 'static) -> Trial {
    Trial::test(name, move || {
        run(&mut Random::from_variable());
        Ok(())
    })
}
