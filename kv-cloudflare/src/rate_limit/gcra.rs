//! Allowance of requests, and the time until the next ones may go.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as GovernorClock, Reference},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{NotKeyed, StateStore},
};
use kv_core::Clock;

/// The client's clock, as the library wants it.
#[derive(Debug, Clone)]
pub(crate) struct Monotonic(pub(crate) Arc<dyn Clock>);

impl GovernorClock for Monotonic {
    type Instant = Duration;

    fn now(&self) -> Duration {
        // The library counts nanoseconds in 64 bits and panics beyond: a century leaves room for what it adds.
        const CENTURY: Duration = Duration::from_secs(3_155_760_000);
        self.0.monotonic().min(CENTURY)
    }
}

pub(crate) type Limit<K, S> = RateLimiter<K, S, Monotonic, NoOpMiddleware<Duration>>;

/// The requests that an account allows itself.
#[derive(Debug)]
pub(crate) struct Allowance {
    limit: Limit<NotKeyed, ArrivalTime>,
    arrival: ArrivalTime,
    clock: Monotonic,
    start: Duration,
    /// For how long the requests of a burst, but one, are made up for.
    tolerance: Duration,
    period: Duration,
}

/// The limiter's state: when the next request would come if all of them came evenly. Clones are the same: one is the limiter's, and
/// one is asked for the times of requests that are not counted yet.
#[derive(Debug, Clone, Default)]
struct ArrivalTime(Arc<Mutex<Option<Nanos>>>);

impl StateStore for ArrivalTime {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _: &NotKeyed, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (outcome, next) = measure(*state)?;
        *state = Some(next);
        Ok(outcome)
    }
}

impl Allowance {
    /// `burst` requests at once, and then one for each `period`.
    pub(crate) fn new(burst: NonZeroU32, period: Duration, clock: Monotonic) -> Option<Self> {
        let quota = Quota::with_period(period)?.allow_burst(burst);
        let arrival = ArrivalTime::default();
        let limit = RateLimiter::new(quota, arrival.clone(), clock.clone());
        // Not before the limiter's own start: by this one it is never later than the limiter takes it to be.
        let start = clock.now();
        let tolerance = period.saturating_mul(burst.get() - 1);
        Some(Self { limit, arrival, clock, start, tolerance, period })
    }

    /// Counts a request, if there is room for it now; if not, how long that takes.
    pub(crate) fn take(&self) -> Result<(), Duration> {
        self.limit.check().map_err(|not| not.wait_time_from(self.clock.now()))
    }

    /// Time that a request with `ahead` others before it has to wait.
    pub(crate) fn wait(&self, ahead: usize) -> Duration {
        let now = Duration::from(self.clock.now().duration_since(self.start));
        let arrival = *self.arrival.0.lock().unwrap_or_else(PoisonError::into_inner);
        let arrival = arrival.map_or(now, Duration::from).max(now);
        let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
        let turn = arrival.saturating_add(self.period.saturating_mul(ahead));
        turn.saturating_sub(self.tolerance).saturating_sub(now)
    }
}
