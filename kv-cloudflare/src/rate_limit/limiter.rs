//! Limiter: admits requests as the budget allows, in the order in which they came.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kv_core::{Clock, Key, NamespaceId};
use tokio::time::timeout_at;

use crate::rate_limit::{
    budget::{self, Budget},
    deadline::Deadline,
    gcra::Gcra,
    queues::{Queues, Waiter},
    recent_writes::RecentWrites,
    usage::Counters,
};

/// Limiter of a client's requests and of its writes per key.
#[derive(Debug)]
pub(crate) struct Limiter {
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    limits_writes: bool,
    /// Locked for each decision as a whole, so that a request that has to wait for a key or for the budget
    /// uses up neither.
    state: Mutex<State>,
}

/// State that decisions are made from. Times are those of the client's monotonic clock.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) queues: Queues,
    requests: Option<Gcra>,
    writes: Option<RecentWrites>,
}

/// Request that cannot go before its deadline, with the time that it would have to wait.
#[derive(Debug)]
pub(crate) struct OverBudgetError(pub(crate) Duration);

/// Next event that a request waits for.
enum Step {
    /// Its turn in a queue.
    Turn,
    Time(Duration),
}

/// A request's place in the queues. It leaves them when it goes, and when it is dropped.
struct Place<'a> {
    limiter: &'a Limiter,
    keys: &'a [u64],
    waiter: Arc<Waiter>,
    in_requests: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.limiter.state().queues.leave(self.keys, &self.waiter);
    }
}

impl State {
    /// Returns the time until the first request in the queues of `keys` may write all of them.
    fn wait_for_keys(&mut self, keys: &[u64], now: Duration) -> Duration {
        match &mut self.writes {
            Some(writes) if !keys.is_empty() => writes.wait(keys, now),
            _ => Duration::ZERO,
        }
    }

    /// Returns the time until a request behind all others in the queues of `keys` may write them. With many
    /// keys it may take longer, since the requests ahead may wait in other queues too.
    fn wait_behind_writers(&mut self, keys: &[u64], now: Duration) -> Duration {
        let Some(writes) = &mut self.writes else { return Duration::ZERO };
        let mut longest = Duration::ZERO;
        for key in keys {
            let ahead = self.queues.writers_of(*key);
            if ahead > 0 {
                let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
                let behind = writes.interval().saturating_mul(ahead);
                longest = longest.max(writes.wait(&[*key], now).saturating_add(behind));
            }
        }
        longest.max(self.wait_for_keys(keys, now))
    }

    /// Returns the time until a request behind all others in the queue of requests may go.
    fn wait_behind_requests(&self, now: Duration) -> Duration {
        self.requests.as_ref().map_or(Duration::ZERO, |requests| requests.wait(self.queues.requests(), now))
    }

    /// Returns the time until a request behind all others may go.
    fn wait_behind(&mut self, keys: &[u64], now: Duration) -> Duration {
        self.wait_behind_writers(keys, now).max(self.wait_behind_requests(now))
    }

    /// Counts a request that is the first in its queues, and whose keys are free, or returns how long the
    /// budget makes it wait.
    fn take(&mut self, keys: &[u64], now: Duration) -> Result<(), Duration> {
        if let Some(requests) = &mut self.requests {
            let wait = requests.wait(0, now);
            if !wait.is_zero() {
                return Err(wait);
            }
            requests.count(now);
        }
        if let Some(writes) = &mut self.writes {
            writes.count(keys, now);
        }
        Ok(())
    }
}

impl Limiter {
    pub(crate) fn new(budget: Budget, clock: Arc<dyn Clock>) -> Self {
        let requests = budget.burst_and_period().map(|(burst, period)| Gcra::new(burst, period));
        let writes = budget.write_interval().map(RecentWrites::new);
        let limits_writes = writes.is_some();
        let state = Mutex::new(State { queues: Queues::default(), requests, writes });
        Self { clock, hasher: RandomState::new(), limits_writes, state }
    }

    /// Returns the hash that stands for a key of a namespace in [`admit`](Limiter::admit).
    pub(crate) fn hash(&self, namespace: &NamespaceId, key: &Key<'_>) -> u64 {
        self.hasher.hash_one((namespace, key))
    }

    /// Waits until a request that writes `keys` may go, and counts it. Requests go in the order in which they
    /// came, but a request that waits for a key delays only other writers of it. A request whose turn is
    /// known to come after its deadline is refused at once.
    pub(crate) async fn admit(
        &self,
        keys: &[u64],
        deadline: &Deadline,
        counters: &Counters,
    ) -> Result<(), OverBudgetError> {
        let keys = if self.limits_writes { keys } else { &[] };
        let Some(mut place) = self.enter(keys, deadline, counters)? else { return Ok(()) };
        while let Some(step) = self.step(&mut place, deadline)? {
            match step {
                Step::Time(wait) => deadline.pause(wait).await.map_err(|_| OverBudgetError(wait))?,
                Step::Turn => {
                    if timeout_at(deadline.at(), place.waiter.turn.notified()).await.is_err() {
                        drop(place);
                        return Err(OverBudgetError(self.state().wait_behind(keys, self.clock.monotonic())));
                    }
                }
            }
        }
        Ok(())
    }

    /// Counts the request if it may go at once; if not, returns its place in the queues of its keys.
    fn enter<'a>(
        &'a self,
        keys: &'a [u64],
        deadline: &Deadline,
        counters: &Counters,
    ) -> Result<Option<Place<'a>>, OverBudgetError> {
        let mut state = self.state();
        let now = self.clock.monotonic();
        let is_first = state.queues.are_empty_for(keys);
        if is_first && state.wait_for_keys(keys, now).is_zero() && state.take(keys, now).is_ok() {
            return Ok(None);
        }
        let wait_for_keys = state.wait_behind_writers(keys, now);
        let wait = wait_for_keys.max(state.wait_behind_requests(now));
        if !wait.is_zero() {
            counters.count_limited();
        }
        if !deadline.allows(wait) {
            return Err(OverBudgetError(wait));
        }
        let waiter = Arc::default();
        state.queues.join_keys(keys, &waiter);
        let ahead = state.queues.requests();
        drop(state);
        let place = Place { limiter: self, keys, waiter, in_requests: false };
        if wait_for_keys.is_zero() {
            budget::log_wait_for_requests(wait, ahead);
        } else {
            budget::log_wait_for_key(wait);
        }
        Ok(Some(place))
    }

    /// Returns the next event that the request waits for; `None` if it may go, and then it is counted.
    fn step(&self, place: &mut Place<'_>, deadline: &Deadline) -> Result<Option<Step>, OverBudgetError> {
        let mut state = self.state();
        if !state.queues.may_write(place.keys, &place.waiter) {
            return Ok(Some(Step::Turn));
        }
        let now = self.clock.monotonic();
        let wait = state.wait_for_keys(place.keys, now);
        if !wait.is_zero() {
            return Ok(Some(Step::Time(wait)));
        }
        if !place.in_requests {
            let wait = state.wait_behind_requests(now);
            if !deadline.allows(wait) {
                return Err(OverBudgetError(wait));
            }
            state.queues.join_requests(&place.waiter);
            place.in_requests = true;
        }
        if !state.queues.may_go(&place.waiter) {
            return Ok(Some(Step::Turn));
        }
        Ok(state.take(place.keys, now).err().map(Step::Time))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
