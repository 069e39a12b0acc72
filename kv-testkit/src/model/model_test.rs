//! Model test: options, report and runner.

use std::{cell::Cell, fmt};

use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

use crate::{
    model::{
        operation::{Operation, sequences},
        sequence,
    },
    support::{polling::block_on, subject::Subject},
};

/// Options of a model test: how much it runs.
///
/// ```
/// use kv_testkit::ModelOptions;
///
/// let quick = ModelOptions::default().with_sequences(16).with_operations(20);
/// assert_eq!((quick.sequences, quick.operations), (16, 20));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelOptions {
    /// Number of sequences, each on a subject of its own: 256.
    pub sequences: u32,
    /// Number of operations in the longest sequence: 40.
    pub operations: usize,
    /// Seed of the sequences; `None`, the default, stands for a random one. The same seed gives the same
    /// sequences.
    pub seed: Option<u64>,
}

impl Default for ModelOptions {
    fn default() -> Self {
        Self { sequences: 256, operations: 40, seed: None }
    }
}

impl ModelOptions {
    /// Sets the number of sequences.
    #[must_use]
    pub const fn with_sequences(mut self, sequences: u32) -> Self {
        self.sequences = sequences;
        self
    }

    /// Sets the number of operations in the longest sequence.
    #[must_use]
    pub const fn with_operations(mut self, operations: usize) -> Self {
        self.operations = operations;
        self
    }

    /// Sets the seed. A failure prints it, so that the same sequences can run again.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}

/// Counts of what a model test ran. Its `Display` is one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelReport {
    /// Number of sequences.
    pub sequences: u32,
    /// Number of operations in them. Operations for which the subject has no use are not counted: conditional
    /// writes where it has none, the rest of a listing where none is under way.
    pub operations: usize,
}

impl fmt::Display for ModelReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "model test: {} sequences, {} operations", self.sequences, self.operations)
    }
}

/// Runs random sequences of operations on a backend and on a model of it, a `BTreeMap`, and compares every
/// answer: values, metadata, expiry, keys and their order, conflicts. `factory` makes a new, empty subject
/// with a clock for each sequence.
///
/// The operations are those of [`KvNamespace`](kv_core::KvNamespace), those of
/// [`AtomicKv`](kv_core::AtomicKv) if the subject [is one](Subject::is_atomic), listings that go on later
/// from a cursor, moves of the clock in both directions, [`Subject::sweep`] and [`Subject::reopened`]. The
/// [`ModelReport`] is printed and returned.
///
/// The model is exact: a call sees every call that was answered before it began, and so do listings. An
/// *eventual* backend cannot pass. Two answers are right in one case alone: an entry that had expired before
/// the clock was set back may be there again, exactly as it was, or may be gone for good, since the backend
/// may have reclaimed it. The first answer decides. After a sweep it must stay gone.
///
/// Call it from a plain test: it starts a runtime.
///
/// # Panics
///
/// If an answer differs, with the shortest failing sequence that was found and the seed; if a subject has no
/// clock.
///
/// ```
/// use std::sync::Arc;
/// use kv_memory::MemoryNamespace;
/// use kv_testkit::{ManualClock, ModelOptions, Subject, model_test};
///
/// async fn subject() -> Subject {
///     let clock = ManualClock::default();
///     let namespace = MemoryNamespace::builder().clock(Arc::new(clock.clone())).build();
///     Subject::new(Arc::new(namespace)).with_clock(clock)
/// }
///
/// let report = model_test(subject, ModelOptions::default().with_sequences(8));
/// assert_eq!(report.sequences, 8);
/// ```
#[allow(clippy::must_use_candidate, clippy::needless_pass_by_value, reason = "it is called for its panic")]
pub fn model_test(factory: impl AsyncFn() -> Subject, options: ModelOptions) -> ModelReport {
    let seed = options.seed.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    let config = Config {
        cases: options.sequences,
        rng_seed: RngSeed::Fixed(seed),
        // The seed is in the message, and a test leaves no file behind.
        failure_persistence: None,
        ..Config::default()
    };
    let operations = Cell::new(0);
    let outcome = TestRunner::new(config).run(&sequences(options.operations), |sequence| {
        let ran = block_on(async { sequence::run(factory().await, &sequence).await })?;
        operations.set(operations.get() + ran);
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, sequence)) => panic!("{}", failure(reason.message(), &sequence, seed)),
        Err(TestError::Abort(reason)) => panic!("the model test gave up: {reason}"),
    }
    let report = ModelReport { sequences: options.sequences, operations: operations.get() };
    println!("{report}");
    report
}

fn failure(reason: &str, sequence: &[Operation], seed: u64) -> String {
    let steps =
        sequence.iter().enumerate().map(|(index, operation)| format!("{:>4}. {operation:?}\n", index + 1));
    let steps: String = steps.collect();
    format!(
        "the model test failed: {reason}\nthe shortest failing sequence found:\n{steps}\
         to run the same sequences again: ModelOptions::default().with_seed({seed})"
    )
}
