//! Emulation of Cloudflare's rate limits, for tests of clients.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use kv_core::Clock;

use crate::http::retry_after;

/// Maximum number of a token's requests per [`WINDOW`]:
/// [Cloudflare's API limits](https://developers.cloudflare.com/fundamentals/api/reference/limits/).
const MAX_REQUESTS: u32 = 1200;
const WINDOW: Duration = Duration::from_secs(5 * 60);
/// Minimum time between two writes to a key:
/// [Workers KV's limits](https://developers.cloudflare.com/kv/platform/limits/).
const WRITE_INTERVAL: Duration = Duration::from_secs(1);
/// Maximum number of recent writes that are kept. The oldest is evicted first, which only makes the limit
/// milder.
const MAX_RECENT_WRITES: usize = 1 << 16;

/// Cloudflare's rate limits: 1,200 requests in 5 minutes, and one write per second to a key.
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

/// Quota that a client has left in the current window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuotaState {
    remaining: u32,
    /// Time until the window ends.
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

    /// Counts a request. Returns the quota that is left, as `Err` if the request exceeds it.
    pub(crate) fn request(&self) -> Result<QuotaState, QuotaState> {
        let now = self.clock.monotonic();
        let mut window = lock(&self.window);
        if now.saturating_sub(window.started) >= WINDOW {
            *window = Window { started: now, requests: 0 };
        }
        let reset = WINDOW.saturating_sub(now.saturating_sub(window.started));
        if window.requests == MAX_REQUESTS {
            return Err(QuotaState { remaining: 0, reset });
        }
        window.requests += 1;
        Ok(QuotaState { remaining: MAX_REQUESTS - window.requests, reset })
    }

    /// Counts a write to a key of the namespace with this id. Returns the time to wait as `Err` if the last
    /// write to the key was less than a second ago.
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
    /// Adds the headers `RateLimit` and `RateLimit-Policy`, as Cloudflare's API does.
    pub(crate) fn add_headers(self, headers: &mut HeaderMap) {
        let Self { remaining, reset } = self;
        let quota = format!("\"default\";r={remaining};t={}", retry_after::whole_seconds(reset));
        let policy = format!("\"default\";q={MAX_REQUESTS};w={}", WINDOW.as_secs());
        for (name, text) in [("ratelimit", quota), ("ratelimit-policy", policy)] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
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
    fn recent_writes_are_bounded_and_evicted_in_time() {
        let clock = ManualClock::default();
        let limits = RateLimits::new(Arc::new(clock.clone()));
        let kept = || {
            let recent = lock(&limits.recent);
            assert_eq!(recent.in_order.len(), recent.keys.len());
            recent.keys.len()
        };
        for index in 0..2 * MAX_RECENT_WRITES {
            assert!(limits.write("n", &index.to_string()).is_ok());
            assert!(kept() <= MAX_RECENT_WRITES);
        }
        assert!(limits.write("n", &(2 * MAX_RECENT_WRITES - 1).to_string()).is_err());
        clock.advance(Duration::from_secs(1));
        assert!(limits.write("n", "last").is_ok());
        assert_eq!(kept(), 1);
    }

    #[test]
    fn the_wait_is_the_rest_of_the_second() {
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
