//! Keeps the budget.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as GovernorClock, Reference},
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use kv_core::{Clock, Key, NamespaceId};
use tokio::{sync::Semaphore, time::timeout_at};

use crate::{Budget, deadline::Deadline, recent_writes::RecentWrites, usage::Meter};

/// The client's clock, as the library wants it.
#[derive(Debug, Clone)]
struct Monotonic(Arc<dyn Clock>);

impl GovernorClock for Monotonic {
    type Instant = Duration;

    fn now(&self) -> Duration {
        // The library counts nanoseconds in 64 bits and panics beyond: a century leaves room for what it adds.
        const CENTURY: Duration = Duration::from_secs(3_155_760_000);
        self.0.monotonic().min(CENTURY)
    }
}

type Limit<K, S> = RateLimiter<K, S, Monotonic, NoOpMiddleware<Duration>>;

/// Lets requests go when the budget has room for them.
#[derive(Debug)]
pub(crate) struct Limiter {
    requests: Option<Limit<NotKeyed, InMemoryState>>,
    writes: Option<Writes>,
    /// After how long another request may go, where nothing more is known.
    period: Duration,
    clock: Monotonic,
    hasher: RandomState,
    /// Requests that wait for the account's allowance stand in line. Whoever has the one permit is its head.
    line: Semaphore,
    /// Makes the decision about keys and allowance one step, so that none of either is used up by a request that has to wait
    /// for the other.
    decision: Mutex<()>,
}

#[derive(Debug)]
struct Writes {
    limit: Limit<u64, RecentWrites>,
    recent: RecentWrites,
    start: Duration,
    interval: Duration,
}

/// Why a request may not go now, and for how long at least.
enum Busy {
    Keys(Duration),
    Account(Duration),
}

/// A request that cannot go before its deadline: how long it would have to wait.
#[derive(Debug)]
pub(crate) struct OverBudget(pub(crate) Duration);

impl Limiter {
    pub(crate) fn new(budget: Budget, clock: Arc<dyn Clock>) -> Self {
        let clock = Monotonic(clock);
        let quota = budget.burst_and_period();
        let period = quota.map_or(Duration::ZERO, |(_, period)| period);
        let requests = quota.and_then(|(burst, period)| {
            let quota = Quota::with_period(period)?.allow_burst(burst);
            Some(RateLimiter::direct_with_clock(quota, clock.clone()))
        });
        let writes = budget.write_interval().and_then(|interval| {
            let (recent, start) = (RecentWrites::default(), clock.now());
            let limit = RateLimiter::new(Quota::with_period(interval)?, recent.clone(), clock.clone());
            Some(Writes { limit, recent, start, interval })
        });
        let (hasher, line, decision) = (RandomState::new(), Semaphore::new(1), Mutex::new(()));
        Self { requests, writes, period, clock, hasher, line, decision }
    }

    /// What stands for a key of a namespace in [`admit`](Limiter::admit).
    pub(crate) fn hash(&self, namespace: &NamespaceId, key: &Key<'_>) -> u64 {
        self.hasher.hash_one((namespace, key))
    }

    /// Waits until a request that writes `keys` may go, and counts it. Requests that wait for the account's allowance go in
    /// the order in which they came; those that wait for a key hold nobody else up.
    pub(crate) async fn admit(
        &self,
        keys: &[u64],
        deadline: &Deadline,
        meter: &Meter,
    ) -> Result<(), OverBudget> {
        if self.requests.is_none() && self.writes.is_none() {
            return Ok(());
        }
        let mut first = Some(meter);
        loop {
            let wait = match self.wait_for_keys(keys) {
                Some(wait) => wait,
                None => match self.stand_in_line(keys, deadline, &mut first).await? {
                    None => return Ok(()),
                    Some(wait) => wait,
                },
            };
            pause(wait, deadline, &mut first).await?;
        }
    }

    /// Waits in line until the account's allowance has room. `Some` if one of the keys was written meanwhile: how long that
    /// has to be waited for, outside of the line.
    async fn stand_in_line(
        &self,
        keys: &[u64],
        deadline: &Deadline,
        first: &mut Option<&Meter>,
    ) -> Result<Option<Duration>, OverBudget> {
        let Ok(Ok(_head)) = timeout_at(deadline.at(), self.line.acquire()).await else {
            first.take().map(Meter::count_limited);
            return Err(OverBudget(self.period));
        };
        loop {
            match self.try_admit(keys) {
                Ok(()) => return Ok(None),
                Err(Busy::Keys(wait)) => return Ok(Some(wait)),
                Err(Busy::Account(wait)) => pause(wait, deadline, first).await?,
            }
        }
    }

    /// Counts the request if both limits have room for it now.
    fn try_admit(&self, keys: &[u64]) -> Result<(), Busy> {
        let _one_at_a_time = self.decision.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = self.wait_for_keys(keys) {
            return Err(Busy::Keys(wait));
        }
        if let Some(requests) = &self.requests {
            requests.check().map_err(|not| Busy::Account(not.wait_time_from(self.clock.now())))?;
        }
        if let Some(writes) = &self.writes {
            for key in keys {
                // It has room: nobody else counts while this decision is made.
                let _ = writes.limit.check_key(key);
            }
        }
        Ok(())
    }

    /// How long one of `keys` may not be written yet.
    fn wait_for_keys(&self, keys: &[u64]) -> Option<Duration> {
        let writes = self.writes.as_ref().filter(|_| !keys.is_empty())?;
        let now = self.clock.now().duration_since(writes.start);
        let wait = writes.recent.wait(keys, now.into(), writes.interval);
        (!wait.is_zero()).then_some(wait)
    }
}

/// Waits, unless the deadline is nearer. A request counts as limited once, whatever it waits for.
async fn pause(wait: Duration, deadline: &Deadline, first: &mut Option<&Meter>) -> Result<(), OverBudget> {
    first.take().map(Meter::count_limited);
    deadline.pause(wait).await.map_err(|_| OverBudget(wait))
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, sync::Arc, time::Duration};

    use futures_util::future::join_all;
    use kv_core::{Clock, Timestamp};
    use kv_testkit::proptest::{prelude::*, test_runner::Config};
    use tokio::time::{Instant, sleep};

    use super::Limiter;
    use crate::{Budget, deadline::Deadline, usage::Meter};

    /// The runtime's paused time.
    #[derive(Debug)]
    struct RuntimeClock(Instant);

    impl Clock for RuntimeClock {
        fn now(&self) -> Timestamp {
            Timestamp::EPOCH
        }

        fn monotonic(&self) -> Duration {
            self.0.elapsed()
        }
    }

    /// When each of the requests went that came at `starts` and write the keys beside them.
    fn times(budget: Budget, requests: &[(Duration, Option<u64>)]) -> Vec<(Duration, Option<u64>)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let start = Instant::now();
            let limiter = Limiter::new(budget, Arc::new(RuntimeClock(start)));
            let meter = Meter::default();
            let went = requests.iter().map(async |(after, key)| {
                sleep(*after).await;
                let deadline = Deadline::after(Duration::from_secs(1_000_000));
                limiter.admit(key.as_slice(), &deadline, &meter).await.unwrap();
                (start.elapsed(), *key)
            });
            let mut went = join_all(went).await;
            went.sort();
            went
        })
    }

    #[test]
    fn cloudflares_limits_are_used_but_not_passed() {
        let at_once = vec![(Duration::ZERO, None); 3_000];
        let times = times(Budget::cloudflare(), &at_once);
        let window = Duration::from_secs(300);
        for pair in times.windows(1_201) {
            assert!(pair[1_200].0 > pair[0].0 + window);
        }
        assert_eq!(times.iter().filter(|(time, _)| time.is_zero()).count(), 300);
        assert!(times[2_999].0 < Duration::from_secs(900), "2,700 more are 900 s");
    }

    proptest! {
        #![proptest_config(Config { cases: 64, ..Config::default() })]

        /// However requests come: no window holds too many, no key is written too often, and each goes in the end.
        #[test]
        fn no_limit_is_passed(
            most in 1_u32..40,
            window in 1_u64..60,
            interval in 0_u64..3_000,
            requests in prop::collection::vec((0_u64..90_000, prop::option::of(0_u64..3)), 1..120),
        ) {
            let (window, interval) = (Duration::from_secs(window), Duration::from_millis(interval));
            let budget = Budget::cloudflare()
                .with_requests(NonZeroU32::new(most).unwrap(), window)
                .with_write_interval(interval);
            let requests: Vec<_> =
                requests.into_iter().map(|(after, key)| (Duration::from_millis(after), key)).collect();
            let times = times(budget, &requests);
            prop_assert_eq!(times.len(), requests.len());
            for span in times.windows(most as usize + 1) {
                prop_assert!(span[most as usize].0 > span[0].0 + window);
            }
            for key in 0..3 {
                let writes: Vec<_> = times.iter().filter(|(_, other)| *other == Some(key)).collect();
                for pair in writes.windows(2) {
                    prop_assert!(pair[1].0 >= pair[0].0 + interval);
                }
            }
        }
    }
}
