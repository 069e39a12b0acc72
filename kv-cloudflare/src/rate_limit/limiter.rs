//! Limiter of requests: keeps the budget, and the lines of those who wait for it.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as GovernorClock, Reference},
};
use kv_core::{Clock, Key, NamespaceId};
use tokio::time::timeout_at;

use crate::rate_limit::{
    budget::{self, Budget},
    deadline::Deadline,
    gcra::{Allowance, Limit, Monotonic},
    queues::{Queues, Waiter},
    recent_writes::RecentWrites,
    usage::Counters,
};

/// Lets requests go when the budget has room for them.
#[derive(Debug)]
pub(crate) struct Limiter {
    requests: Option<Allowance>,
    writes: Option<Writes>,
    hasher: RandomState,
    /// Held while it is decided about a request, so that none of keys and allowance is used up by one that has to wait for the other.
    lines: Mutex<Queues>,
}

#[derive(Debug)]
struct Writes {
    limit: Limit<u64, RecentWrites>,
    recent: RecentWrites,
    clock: Monotonic,
    start: Duration,
    interval: Duration,
}

/// A request that cannot go before its deadline: how long it would have to wait.
#[derive(Debug)]
pub(crate) struct OverBudget(pub(crate) Duration);

/// A reason to wait: others before it, or the time.
enum Step {
    Turn,
    Time(Duration),
}

/// A request's place in the lines. It leaves them when it goes, and when it is dropped.
struct Place<'a> {
    limiter: &'a Limiter,
    keys: &'a [u64],
    waiter: Arc<Waiter>,
    in_requests: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.limiter.lines().leave(self.keys, &self.waiter);
    }
}

impl Writes {
    fn new(interval: Duration, clock: Monotonic) -> Option<Self> {
        let recent = RecentWrites::default();
        let limit = RateLimiter::new(Quota::with_period(interval)?, recent.clone(), clock.clone());
        // Not before the limiter's own start: what is free by this one is free by the limiter's.
        let start = clock.now();
        Some(Self { limit, recent, clock, start, interval })
    }

    /// Time until the request that is first in the lines of `keys` may write all of them.
    fn wait(&self, keys: &[u64]) -> Duration {
        if keys.is_empty() {
            return Duration::ZERO;
        }
        let now = self.clock.now().duration_since(self.start);
        self.recent.wait(keys, now.into(), self.interval)
    }

    /// The same for one that comes behind those that stand in `lines`. With many keys it may be longer, since they may be in many
    /// lines.
    fn wait_behind(&self, keys: &[u64], lines: &Queues) -> Duration {
        let behind = keys.iter().map(|key| match lines.writers_of(*key) {
            0 => Duration::ZERO,
            ahead => {
                let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
                self.wait(&[*key]).saturating_add(self.interval.saturating_mul(ahead))
            }
        });
        behind.max().unwrap_or_default().max(self.wait(keys))
    }

    fn count(&self, keys: &[u64]) {
        for key in keys {
            // It has room: nobody else counts while this decision is made.
            let _ = self.limit.check_key(key);
        }
    }
}

impl Limiter {
    pub(crate) fn new(budget: Budget, clock: Arc<dyn Clock>) -> Self {
        let clock = Monotonic(clock);
        let requests = budget.burst_and_period();
        let requests = requests.and_then(|(burst, period)| Allowance::new(burst, period, clock.clone()));
        let writes = budget.write_interval().and_then(|interval| Writes::new(interval, clock));
        Self { requests, writes, hasher: RandomState::new(), lines: Mutex::default() }
    }

    /// What stands for a key of a namespace in [`admit`](Limiter::admit).
    pub(crate) fn hash(&self, namespace: &NamespaceId, key: &Key<'_>) -> u64 {
        self.hasher.hash_one((namespace, key))
    }

    /// Waits until a request that writes `keys` may go, and counts it. Requests go in the order in which they came, but for those
    /// that have to wait for a key: these hold up nobody but others that write it. One whose turn is known to come after the
    /// deadline is refused at once.
    pub(crate) async fn admit(
        &self,
        keys: &[u64],
        deadline: &Deadline,
        counters: &Counters,
    ) -> Result<(), OverBudget> {
        let keys = if self.writes.is_some() { keys } else { &[] };
        let Some(mut place) = self.enter(keys, deadline, counters)? else { return Ok(()) };
        while let Some(step) = self.step(&mut place, deadline)? {
            match step {
                Step::Time(wait) => deadline.pause(wait).await.map_err(|_| OverBudget(wait))?,
                Step::Turn => {
                    if timeout_at(deadline.at(), place.waiter.turn.notified()).await.is_err() {
                        drop(place);
                        return Err(OverBudget(self.wait_behind(keys, &self.lines())));
                    }
                }
            }
        }
        Ok(())
    }

    /// Counts the request if it may go at once, or gives it a place in the lines of its keys.
    fn enter<'a>(
        &'a self,
        keys: &'a [u64],
        deadline: &Deadline,
        counters: &Counters,
    ) -> Result<Option<Place<'a>>, OverBudget> {
        let mut lines = self.lines();
        let is_first = lines.requests() == 0 && keys.iter().all(|key| lines.writers_of(*key) == 0);
        if is_first && self.wait_for_keys(keys).is_zero() && self.take(keys).is_ok() {
            return Ok(None);
        }
        let for_keys = self.writes.as_ref().map_or(Duration::ZERO, |writes| writes.wait_behind(keys, &lines));
        let wait = self.wait_behind(keys, &lines);
        if !wait.is_zero() {
            counters.count_limited();
        }
        if !deadline.allows(wait) {
            return Err(OverBudget(wait));
        }
        let waiter = Arc::default();
        lines.join_keys(keys, &waiter);
        let ahead = lines.requests();
        drop(lines);
        let place = Place { limiter: self, keys, waiter, in_requests: false };
        if for_keys.is_zero() {
            budget::tell_wait_for_requests(wait, ahead);
        } else {
            budget::tell_wait_for_key(wait);
        }
        Ok(Some(place))
    }

    /// Step that the request has to wait for now; `None` if it may go, and then it is counted.
    fn step(&self, place: &mut Place<'_>, deadline: &Deadline) -> Result<Option<Step>, OverBudget> {
        let mut lines = self.lines();
        if !lines.may_write(place.keys, &place.waiter) {
            return Ok(Some(Step::Turn));
        }
        let wait = self.wait_for_keys(place.keys);
        if !wait.is_zero() {
            return Ok(Some(Step::Time(wait)));
        }
        if !place.in_requests {
            let wait =
                self.requests.as_ref().map_or(Duration::ZERO, |requests| requests.wait(lines.requests()));
            if !deadline.allows(wait) {
                return Err(OverBudget(wait));
            }
            lines.join_requests(&place.waiter);
            place.in_requests = true;
        }
        if !lines.may_go(&place.waiter) {
            return Ok(Some(Step::Turn));
        }
        Ok(self.take(place.keys).err().map(Step::Time))
    }

    /// Counts a request that is the first of its lines, and whose keys are free.
    fn take(&self, keys: &[u64]) -> Result<(), Duration> {
        self.requests.as_ref().map_or(Ok(()), Allowance::take)?;
        if let Some(writes) = &self.writes {
            writes.count(keys);
        }
        Ok(())
    }

    fn wait_for_keys(&self, keys: &[u64]) -> Duration {
        self.writes.as_ref().map_or(Duration::ZERO, |writes| writes.wait(keys))
    }

    /// Time that a request behind those in `lines` has to wait.
    fn wait_behind(&self, keys: &[u64], lines: &Queues) -> Duration {
        let for_keys = self.writes.as_ref().map_or(Duration::ZERO, |writes| writes.wait_behind(keys, lines));
        let for_request =
            self.requests.as_ref().map_or(Duration::ZERO, |requests| requests.wait(lines.requests()));
        for_keys.max(for_request)
    }

    pub(crate) fn lines(&self) -> MutexGuard<'_, Queues> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
