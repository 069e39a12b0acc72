//! What is drawn at random.

use std::time::Duration;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngSeed, TestRunner},
};

/// Draws at random, from a seed that is printed if the test fails.
pub(crate) struct Random {
    seed: u64,
    runner: TestRunner,
}

impl Random {
    pub(crate) fn new() -> Self {
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
        Self::with_seed(any::<u64>().new_tree(&mut runner).unwrap().current())
    }

    pub(crate) fn with_seed(seed: u64) -> Self {
        let rng_seed = RngSeed::Fixed(seed);
        let config = Config { rng_seed, failure_persistence: None, ..Config::default() };
        Self { seed, runner: TestRunner::new(config) }
    }

    pub(crate) fn draw<S: Strategy>(&mut self, strategy: S) -> S::Value {
        strategy.new_tree(&mut self.runner).unwrap().current()
    }

    /// A time of up to so many milliseconds.
    pub(crate) fn time(&mut self, milliseconds: u64) -> Duration {
        Duration::from_micros(self.draw(0..milliseconds * 1_000))
    }
}

impl Drop for Random {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the same again: KV_REDB_SEED={}", self.seed);
        }
    }
}
