//! A backend against a model of it.

use std::{cell::Cell, fmt};

use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

use crate::{
    model::{
        operation::{Operation, sequences},
        sequence,
    },
    support::{runtime::block_on, subject::Subject},
};

/// How much a model test runs.
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
    /// How many sequences run, each on a subject of its own: 256.
    pub sequences: u32,
    /// How many operations the longest sequence has: 40.
    pub operations: usize,
    /// Where the sequences come from: a random number where there is none. The same number gives the same sequences.
    pub seed: Option<u64>,
}

impl Default for ModelOptions {
    fn default() -> Self {
        Self { sequences: 256, operations: 40, seed: None }
    }
}

impl ModelOptions {
    /// Sets how many sequences run.
    #[must_use]
    pub const fn with_sequences(mut self, sequences: u32) -> Self {
        self.sequences = sequences;
        self
    }

    /// Sets how many operations the longest sequence has.
    #[must_use]
    pub const fn with_operations(mut self, operations: usize) -> Self {
        self.operations = operations;
        self
    }

    /// Runs the sequences of `seed` again; a failure prints it.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}

/// What a model test ran. Its `Display` is one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelReport {
    /// The sequences.
    pub sequences: u32,
    /// The operations in them. One that the subject has no use for (a conditional write where it has none, the
    /// continuation of a listing where none is under way) is not counted.
    pub operations: usize,
}

impl fmt::Display for ModelReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "model test: {} sequences, {} operations", self.sequences, self.operations)
    }
}

/// Runs random sequences of operations on a backend and on a model of it, a `BTreeMap`, and compares every answer:
/// bytes, metadata, deadlines, keys and their order, conflicts. `factory` makes a fresh, empty subject with a clock for
/// each sequence.
///
/// The operations are those of [`KvNamespace`](kv_core::KvNamespace), those of [`AtomicKv`](kv_core::AtomicKv) if the
/// subject [is one](Subject::is_atomic), cursors that are kept and used later, the clock moved forwards and backwards,
/// [`Subject::sweep`] and [`Subject::reopened`]. It prints the [`ModelReport`] that it answers.
///
/// The model is exact: whatever was answered shows in everything that begins later, in listings too. A backend that
/// promises less cannot run it. Only where the clock was set backwards are there two right answers: an entry that had
/// expired and is not expired any more may be back, exactly as it was, or be gone for good, since it may have been
/// reclaimed meanwhile. What the subject answers first decides which. One that was there for a sweep has been
/// reclaimed, and must stay gone.
///
/// Call it from a plain test: it starts a runtime.
///
/// # Panics
///
/// If an answer differs, with the shortest sequence that shows it and the seed; if a subject has no clock.
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
         the same sequences again: ModelOptions::default().with_seed({seed})"
    )
}
