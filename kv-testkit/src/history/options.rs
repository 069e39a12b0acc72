//! Options of a history test.

use std::{env, str::FromStr};

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
    /// Number of histories, run one after the other, each on keys of its own: 100, or the number in the
    /// environment variable `KV_HISTORIES`.
    pub histories: u32,
    /// Number of clients that call at the same time: 4.
    pub clients: usize,
    /// Number of calls per client, one after the other: 12.
    pub calls: usize,
    /// Number of keys that the clients share: 2. More keys find less, since calls of different keys do not
    /// disturb each other.
    pub keys: usize,
    /// Percentage of calls that are dropped before they are done: 20.
    pub dropped_percent: u32,
    /// `true`, the default, if pages of listings have to be as fresh as reads.
    pub listings: bool,
    /// Seed of the clients' plans: the number in the environment variable `KV_HISTORY_SEED`, or else `None`,
    /// which stands for a random seed. The same seed gives the same plans, but the threads decide how the
    /// clients meet.
    pub seed: Option<u64>,
}

impl Default for HistoryOptions {
    /// # Panics
    ///
    /// If `KV_HISTORIES` or `KV_HISTORY_SEED` is set to text that is not a number: a long run must not become
    /// a short one by a misspelling.
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

fn from_env<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} is not a number in range: {text:?}")))
}

impl HistoryOptions {
    /// Sets the number of histories.
    #[must_use]
    pub const fn with_histories(mut self, histories: u32) -> Self {
        self.histories = histories;
        self
    }

    /// Sets the number of clients that call at the same time.
    #[must_use]
    pub const fn with_clients(mut self, clients: usize) -> Self {
        self.clients = clients;
        self
    }

    /// Sets the number of calls per client.
    #[must_use]
    pub const fn with_calls(mut self, calls: usize) -> Self {
        self.calls = calls;
        self
    }

    /// Sets the number of keys that the clients share.
    #[must_use]
    pub const fn with_keys(mut self, keys: usize) -> Self {
        self.keys = keys;
        self
    }

    /// Sets the percentage of calls that are dropped before they are done.
    #[must_use]
    pub const fn with_dropped_percent(mut self, percent: u32) -> Self {
        self.dropped_percent = percent;
        self
    }

    /// Leaves listings out, for a backend whose listings may be staler than its reads.
    #[must_use]
    pub const fn without_listings(mut self) -> Self {
        self.listings = false;
        self
    }

    /// Sets the seed. A failure prints it, so that the same plans can run again.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}
