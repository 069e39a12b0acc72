//! The service's rate limits, for tests of what a client does about them.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use kv_core::Clock;

/// The requests that a token has in [`WINDOW`]:
/// [Cloudflare's limits](https://developers.cloudflare.com/fundamentals/api/reference/limits/).
const REQUESTS: u32 = 1200;
const WINDOW: Duration = Duration::from_secs(5 * 60);
/// How long a write keeps others from its key: [Workers KV's limits](https://developers.cloudflare.com/kv/platform/limits/).
const WRITE_INTERVAL: Duration = Duration::from_secs(1);
/// The most writes that are remembered; the oldest is forgotten, which only makes the limit milder.
const MAX_RECENT_WRITES: usize = 1 << 16;

/// The service's rate limits: 1,200 requests in 5 minutes, and one write a second to a key.
#[derive(Debug)]
pub(crate) struct RateLimits {
    clock: Arc<dyn Clock>,
    window: Mutex<Window>,
    recent: Mutex<RecentWrites>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Window {
    started: Duration,
    requests: u32,
}

#[derive(Debug, Default)]
struct RecentWrites {
    in_order: VecDeque<(Duration, u64)>,
    keys: HashSet<u64>,
}

/// Where a client stands in its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuotaState {
    remaining: u32,
    /// Until the window ends.
    pub(crate) reset: Duration,
}

impl RateLimits {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let started = clock.monotonic();
        Self {
            clock,
            window: Mutex::new(Window { started, requests: 0 }),
            recent: Mutex::default(),
            hasher: RandomState::new(),
        }
    }

    /// Counts a request; `Err` if it is one too many.
    pub(crate) fn request(&self) -> Result<QuotaState, QuotaState> {
        let now = self.clock.monotonic();
        let mut window = lock(&self.window);
        if now.saturating_sub(window.started) >= WINDOW {
            *window = Window { started: now, requests: 0 };
        }
        let reset = WINDOW.saturating_sub(now.saturating_sub(window.started));
        if window.requests == REQUESTS {
            return Err(QuotaState { remaining: 0, reset });
        }
        window.requests += 1;
        Ok(QuotaState { remaining: REQUESTS - window.requests, reset })
    }

    /// Counts a write to a key of a namespace, by the namespace's id; `Err` with the time to wait if the last one was
    /// less than a second ago.
    pub(crate) fn write(&self, namespace: &str, key: &str) -> Result<(), Duration> {
        let now = self.clock.monotonic();
        let write = self.hasher.hash_one((namespace, key));
        let mut recent = lock(&self.recent);
        let RecentWrites { in_order, keys } = &mut *recent;
        while let Some(&(written, oldest)) = in_order.front() {
            if now.saturating_sub(written) < WRITE_INTERVAL && in_order.len() < MAX_RECENT_WRITES {
                break;
            }
            in_order.pop_front();
            keys.remove(&oldest);
        }
        if !keys.insert(write) {
            let last = in_order.iter().rev().find(|(_, other)| *other == write);
            let elapsed = last.map_or(Duration::ZERO, |(written, _)| now.saturating_sub(*written));
            return Err(WRITE_INTERVAL.saturating_sub(elapsed));
        }
        in_order.push_back((now, write));
        Ok(())
    }
}

impl QuotaState {
    /// Adds the headers that Cloudflare's API adds.
    pub(crate) fn add_headers(self, headers: &mut HeaderMap) {
        let Self { remaining, reset } = self;
        let quota = format!("\"default\";r={remaining};t={}", whole_seconds(reset));
        let policy = format!("\"default\";q={REQUESTS};w={}", WINDOW.as_secs());
        for (name, text) in [("ratelimit", quota), ("ratelimit-policy", policy)] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// Rounded up, and one at least: what `Retry-After` can say.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use kv_testkit::ManualClock;

    use super::{MAX_RECENT_WRITES, RateLimits, lock};

    #[test]
    fn what_is_remembered_is_bounded_and_forgotten_in_time() {
        let clock = ManualClock::default();
        let limits = RateLimits::new(Arc::new(clock.clone()));
        let remembered = || {
            let recent = lock(&limits.recent);
            assert_eq!(recent.in_order.len(), recent.keys.len());
            recent.keys.len()
        };
        for index in 0..2 * MAX_RECENT_WRITES {
            assert!(limits.write("n", &index.to_string()).is_ok());
            assert!(remembered() <= MAX_RECENT_WRITES);
        }
        assert!(limits.write("n", &(2 * MAX_RECENT_WRITES - 1).to_string()).is_err());
        clock.advance(Duration::from_secs(1));
        assert!(limits.write("n", "last").is_ok());
        assert_eq!(remembered(), 1);
    }

    #[test]
    fn the_wait_is_what_is_left_of_the_second() {
        let clock = ManualClock::default();
        let limits = RateLimits::new(Arc::new(clock.clone()));
        limits.write("n", "k").unwrap();
        for (advance, left) in [(0, 1000), (300, 700), (699, 1)] {
            clock.advance(Duration::from_millis(advance));
            assert_eq!(limits.write("n", "k"), Err(Duration::from_millis(left)));
        }
        clock.advance(Duration::from_millis(1));
        assert_eq!(limits.write("n", "k"), Ok(()));
    }
}
