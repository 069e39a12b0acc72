//! A process that uses a store and is killed with SIGKILL at random moments, over and over, on the same file and on new
//! ones.
//!
//! `cargo test -p workers-kv-redb --test kill` kills some 40 times, and its last event tells how often; `KV_REDB_KILLS=5000` before it
//! sets how often a process that writes is killed, and the other tests follow. A failure prints its seed; `KV_REDB_SEED` sets it. The
//! seed decides what is asked and when is killed, and the system how far the process got.
//!
//! This is a test of its own harness, since it is also the process that is killed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod child;
mod child_process;
mod creation;
mod full;
mod job;
#[path = "../random/mod.rs"]
mod random;
mod store_file;
#[path = "../store_model/mod.rs"]
mod store_model;
mod sweeps;
mod writes;

use libtest_mimic::{Arguments, Trial};

use crate::{job::Job, random::Random};

/// How often processes that write are killed, with and without quick repair.
const KILLS: u32 = 18;

fn main() {
    if let Some(task) = Job::of_this_process() {
        return child::run(task);
    }
    let kills = variable("KV_REDB_KILLS").unwrap_or(KILLS);
    let mut trials = vec![
        trial("what_was_answered_survives_kills", move |random| {
            writes::run(random, kills.div_ceil(2), false);
        }),
        trial("what_was_answered_survives_kills_with_quick_repair", move |random| {
            writes::run(random, kills / 2, true);
        }),
        trial("a_file_whose_making_was_killed_opens", move |random| creation::run(random, kills / 3)),
        trial("a_file_opens_while_processes_start", move |_| creation::while_processes_start(2 * kills)),
        trial("a_killed_sweep_goes_on", move |random| sweeps::run(random, kills / 3)),
    ];
    if cfg!(unix) {
        trials.push(trial("a_file_that_cannot_grow_keeps_what_was_answered", move |random| {
            full::run(random, kills.div_ceil(20));
        }));
    }
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    println!("{} processes were killed", child_process::killed());
    conclusion.exit();
}

fn variable<T: std::str::FromStr<Err: std::fmt::Debug>>(name: &str) -> Option<T> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

fn trial(name: &str, run: impl FnOnce(&mut Random) + Send + 'static) -> Trial {
    Trial::test(name, move || {
        run(&mut variable("KV_REDB_SEED").map_or_else(Random::new, Random::with_seed));
        Ok(())
    })
}
