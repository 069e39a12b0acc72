//! Random draws from a seed, shared by `kill`, `bit_flips` and `power-cut`.
#![allow(dead_code, reason = "each suite uses a part of it")]

use std::{env, fmt::Debug, str::FromStr, time::Duration};

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngSeed, TestRunner},
};

/// Returns the value of an environment variable, if it is set.
pub(crate) fn variable<T: FromStr<Err: Debug>>(name: &str) -> Option<T> {
    env::var(name).ok().map(|value| value.parse().unwrap())
}

/// Source of random draws. Prints its seed if the test panics.
pub(crate) struct Random {
    seed: u64,
    runner: TestRunner,
}

impl Random {
    /// Draws from the seed in `KV_REDB_SEED`, or else from a new one.
    pub(crate) fn from_variable() -> Self {
        variable("KV_REDB_SEED").map_or_else(Self::new, Self::with_seed)
    }

    fn new() -> Self {
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
        Self::with_seed(any::<u64>().new_tree(&mut runner).unwrap().current())
    }

    pub(crate) fn with_seed(seed: u64) -> Self {
        let rng_seed = RngSeed::Fixed(seed);
        let config = Config { rng_seed, failure_persistence: None, ..Config::default() };
        Self { seed, runner: TestRunner::new(config) }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn draw<S: Strategy>(&mut self, strategy: S) -> S::Value {
        strategy.new_tree(&mut self.runner).unwrap().current()
    }

    /// Draws a number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.draw(0..end)
    }

    /// Draws a time of less than this many milliseconds.
    pub(crate) fn time(&mut self, milliseconds: u64) -> Duration {
        Duration::from_micros(self.draw(0..milliseconds * 1_000))
    }
}

impl Drop for Random {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("repeat with KV_REDB_SEED={}", self.seed);
        }
    }
}
