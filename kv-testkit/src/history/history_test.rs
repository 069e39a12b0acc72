//! Concurrent histories of a backend, and the search for an order that explains them.

use std::{cell::Cell, env, fmt, str::FromStr};

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use tokio::runtime::{Builder, Runtime};

use crate::{
    history::{
        plan::{Plan, plans},
        run::{self, Totals},
    },
    support::subject::Subject,
};

/// Number of times that a smaller plan than one that failed runs before it counts as harmless: another run of the same
/// plan takes another course.
const ATTEMPTS_TO_SHRINK: usize = 20;

/// The most smaller plans that are tried.
const MAX_SHRINKS: u32 = 60;

/// Options of a history test: how much it runs.
///
/// ```
/// use kv_testkit::HistoryOptions;
///
/// let quick = HistoryOptions::default().with_histories(8).with_clients(3).with_calls(6);
/// assert_eq!((quick.histories, quick.clients, quick.calls), (8, 3, 6));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryOptions {
    /// Number of histories, run one after the other, each on keys of its own: 100, or what the environment variable
    /// `KV_HISTORIES` says.
    pub histories: u32,
    /// Number of clients that call at the same time: 4.
    pub clients: usize,
    /// Number of calls per client, one after the other: 12.
    pub calls: usize,
    /// Number of keys that the clients share: 2. More of them find less, since calls of different keys do not disturb
    /// each other.
    pub keys: usize,
    /// Percentage of calls that are dropped before they are done: 20.
    pub dropped_percent: u32,
    /// `true`, the default, if pages of listings have to be as fresh as reads.
    pub listings: bool,
    /// Seed of the clients' plans: what the environment variable `KV_HISTORY_SEED` says, or else `None`, which stands
    /// for a random number. The same number gives the same plans; how the clients meet is left to the threads.
    pub seed: Option<u64>,
}

impl Default for HistoryOptions {
    fn default() -> Self {
        Self {
            histories: from_env("KV_HISTORIES").unwrap_or(100),
            clients: 4,
            calls: 12,
            keys: 2,
            dropped_percent: 20,
            listings: true,
            seed: from_env("KV_HISTORY_SEED"),
        }
    }
}

/// The number in an environment variable, if it is set. What is no number fails: a long run must not be a short one
/// because of a misspelling.
fn from_env<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} is not a number in range")))
}

impl HistoryOptions {
    /// Sets how many histories run.
    #[must_use]
    pub const fn with_histories(mut self, histories: u32) -> Self {
        self.histories = histories;
        self
    }

    /// Sets how many clients call at the same time.
    #[must_use]
    pub const fn with_clients(mut self, clients: usize) -> Self {
        self.clients = clients;
        self
    }

    /// Sets how many calls each client makes.
    #[must_use]
    pub const fn with_calls(mut self, calls: usize) -> Self {
        self.calls = calls;
        self
    }

    /// Sets how many keys the clients share.
    #[must_use]
    pub const fn with_keys(mut self, keys: usize) -> Self {
        self.keys = keys;
        self
    }

    /// Sets how many calls of a hundred are dropped before they are done.
    #[must_use]
    pub const fn with_dropped_percent(mut self, percent: u32) -> Self {
        self.dropped_percent = percent;
        self
    }

    /// Leaves listings out, for a backend that promises less of them than of reads.
    #[must_use]
    pub const fn without_listings(mut self) -> Self {
        self.listings = false;
        self
    }

    /// Runs the plans of `seed` again; a failure prints it.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}

/// Counts of what a history test ran. Its `Display` is one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryReport {
    /// The histories.
    pub histories: u32,
    /// The calls in them that were answered. A bulk call or a page counts once for each key.
    pub answered: usize,
    /// The calls in them whose outcome is unknown: dropped, or failed in a way that may pass.
    pub unknown: usize,
    /// The calls that began while another one on the same key was under way, and was answered later. Where there are
    /// none, the test shows little: the backend answers everything within one poll on one core.
    pub overlapping: usize,
}

impl fmt::Display for HistoryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { histories, answered, unknown, overlapping } = self;
        write!(
            f,
            "history test: {histories} histories, {answered} answers, {unknown} unknown outcomes, {overlapping} calls at \
             the same time as another one"
        )
    }
}

/// Lets clients call a backend at the same time, drops some of their futures midway, and looks for an order of the calls
/// that explains every answer: each call takes effect at one moment between its beginning and its end (the histories are
/// *linearizable*).
///
/// Clients get, put, delete and list a few keys, singly and in bulk, on a runtime of several threads. Where the subject
/// [has conditional writes](Subject::is_atomic), they make those too. What a dropped future did is unknown: it may take
/// effect at any later moment, at once and whole, or never. Every write has a value and metadata of its own, so a read
/// tells which write it saw. For each key, the search of Wing and Gong with memory of what was tried decides.
///
/// It finds, among others: reads and listings that are stale, updates that are lost, writes that are answered before they
/// are applied, that are applied twice, in part, or for a moment, conditional writes that look first and write later,
/// versions that come again.
///
/// `factory` is called once. The histories use keys with a random part, which they remove at the end, so the namespace may be
/// one that is in use. A backend that is *eventual* cannot run it. To look for longer, raise the number of histories: long
/// ones with many dropped calls make the search slow.
///
/// Call it from a plain test: it starts a runtime. It prints the [`HistoryReport`] that it answers.
///
/// # Panics
///
/// If no order explains the answers, with the history of the key, the answer that contradicts, the smallest plan that
/// showed it, and the seed; if a call fails with an error that is not
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
    // The subject's own tasks end on the runtime that they were made on.
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

/// A thread for each client, so that they meet in the middle of things.
fn runtime(clients: usize) -> Runtime {
    let runtime = Builder::new_multi_thread().worker_threads(clients.clamp(2, 16)).enable_all().build();
    runtime.expect("the system gives no threads")
}

fn failure(reason: &str, plan: &Plan, seed: u64) -> String {
    format!(
        "the history test failed: {reason}\nthe smallest plan that showed it:\n{plan}\
         the same plans again: HistoryOptions::default().with_seed({seed}), or KV_HISTORY_SEED={seed}"
    )
}
