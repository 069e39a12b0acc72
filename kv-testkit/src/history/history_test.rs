//! History test: report and runner.

use std::{cell::Cell, fmt};

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use tokio::runtime::{Builder, Runtime};

use crate::{
    history::{
        options::HistoryOptions,
        plan::{Plan, plans},
        run::{self, Totals},
    },
    support::subject::Subject,
};

/// Number of runs after which a smaller plan than one that failed counts as passing: no two runs of a plan
/// are alike.
const ATTEMPTS_TO_SHRINK: usize = 20;

/// Number of smaller plans that are tried.
const MAX_SHRINKS: u32 = 60;

/// Counts of what a history test ran. Its `Display` is one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryReport {
    /// Number of histories.
    pub histories: u32,
    /// Number of calls that were answered. A bulk call or a listing counts once per key.
    pub answered: usize,
    /// Number of calls with an unknown outcome: dropped, or failed with a retryable error.
    pub unknown: usize,
    /// Number of calls that began while another call on the same key was under way. With 0 the test proves
    /// little: the backend answers each call within one poll, and there is one core.
    pub overlapping: usize,
}

impl fmt::Display for HistoryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { histories, answered, unknown, overlapping } = self;
        write!(
            f,
            "history test: {histories} histories, {answered} answers, {unknown} unknown outcomes, \
             {overlapping} overlapping calls"
        )
    }
}

/// Lets clients call a backend at the same time, drops some of their futures midway, and looks for an order
/// of the calls that explains every answer. Each call has to take effect at one moment between its start and
/// its end: the histories have to be *linearizable*.
///
/// Clients get, put, delete and list a few keys, singly and in bulk, on a runtime of several threads. Where
/// the subject [has conditional writes](Subject::is_atomic), they make those too. A dropped call takes effect
/// at any later moment, at once and whole, or never. Every write has a value, metadata and an expiry of its
/// own, so a read shows which write it saw. The search is that of Wing and Gong, per key, with Lowe's memory
/// of the states that were tried.
///
/// Among others, it finds stale reads and listings; lost updates; writes that are answered before they are
/// applied; dropped writes that are applied twice, in part, or for a moment; conditional writes that compare
/// first and write later; versions that are used twice.
///
/// `factory` is called once. The histories use keys with a random part and remove them at the end, so the
/// namespace may be in use. An *eventual* backend cannot pass. For a longer test raise the number of
/// histories: long histories with many dropped calls make the search slow.
///
/// Call it from a plain test: it starts a runtime. The [`HistoryReport`] is printed and returned.
///
/// # Panics
///
/// If no order explains the answers: with the history of the key, the answer that contradicts the earlier
/// ones, the smallest failing plan that was found, and the seed. If a call fails with an error that is not
/// [retryable](kv_core::ErrorKind::is_retryable).
///
/// ```
/// use std::sync::Arc;
/// use kv_memory::MemoryNamespace;
/// use kv_testkit::{HistoryOptions, Subject, history_test};
///
/// async fn subject() -> Subject {
///     Subject::new(Arc::new(MemoryNamespace::new()))
/// }
///
/// let report = history_test(subject, HistoryOptions::default().with_histories(8));
/// assert_eq!(report.histories, 8);
/// ```
#[allow(clippy::must_use_candidate, clippy::needless_pass_by_value, reason = "it is called for its panic")]
pub fn history_test(factory: impl AsyncFnOnce() -> Subject, options: HistoryOptions) -> HistoryReport {
    let seed = options.seed.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    let runtime = runtime(options.clients);
    let subject = runtime.block_on(factory());
    let config = Config {
        cases: options.histories,
        rng_seed: RngSeed::Fixed(seed),
        max_shrink_iters: MAX_SHRINKS,
        // The seed is in the message, and a test leaves no file behind.
        failure_persistence: None,
        ..Config::default()
    };
    let totals = Cell::new(Totals::default());
    let has_failed = Cell::new(false);
    let outcome = TestRunner::new(config).run(&plans(&options, subject.is_atomic()), |plan| {
        let attempts = if has_failed.get() { ATTEMPTS_TO_SHRINK } else { 1 };
        for _ in 0..attempts {
            match runtime.block_on(run::run(&subject, &plan)) {
                Ok(ran) => totals.set(totals.get() + ran),
                Err(contradiction) => {
                    has_failed.set(true);
                    return Err(TestCaseError::fail(contradiction));
                }
            }
        }
        Ok(())
    });
    // Tasks of the subject end on the runtime that started them.
    runtime.block_on(async { drop(subject) });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, plan)) => panic!("{}", failure(reason.message(), &plan, seed)),
        Err(TestError::Abort(reason)) => panic!("the history test gave up: {reason}"),
    }
    let Totals { answered, unknown, overlapping } = totals.get();
    let report = HistoryReport { histories: options.histories, answered, unknown, overlapping };
    println!("{report}");
    report
}

/// Returns a runtime with a thread for each client, so that their calls overlap.
fn runtime(clients: usize) -> Runtime {
    let runtime = Builder::new_multi_thread().worker_threads(clients.clamp(2, 16)).enable_all().build();
    runtime.expect("the system gives no threads")
}

fn failure(reason: &str, plan: &Plan, seed: u64) -> String {
    format!(
        "the history test failed: {reason}\nthe smallest failing plan found:\n{plan}\
         to run the same plans again: HistoryOptions::default().with_seed({seed}), or KV_HISTORY_SEED={seed}"
    )
}
