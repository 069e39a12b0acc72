//! Times at which recently written keys may be written again.

use std::{collections::HashMap, time::Duration};

/// Maximum number of keys that are remembered: six bulk writes of the largest size. It bounds the memory at
/// about 2 MiB.
const MAX_KEYS: usize = 65_536;

/// Time at which each recently written key may be written again, by a monotonic clock. Keys are hashes, so
/// that no key stays in memory; two keys with the same hash wait for each other, which is rare and does no
/// harm.
#[derive(Debug)]
pub(crate) struct RecentWrites {
    interval: Duration,
    next: HashMap<u64, Duration>,
}

impl RecentWrites {
    /// Allows one write of a key per `interval`.
    pub(crate) fn new(interval: Duration) -> Self {
        Self { interval, next: HashMap::new() }
    }

    /// Returns the time between two writes of a key.
    pub(crate) const fn interval(&self) -> Duration {
        self.interval
    }

    /// Returns how long after `now` all of `keys` may be written: a whole interval if there is no room to
    /// remember them now.
    pub(crate) fn wait(&mut self, keys: &[u64], now: Duration) -> Duration {
        if self.next.len() + keys.len() > MAX_KEYS {
            self.next.retain(|_, next| *next > now);
            // A call with more keys than there is room for goes when no other key is remembered.
            if self.next.len() + keys.len() > MAX_KEYS && !self.next.is_empty() {
                return self.interval;
            }
        }
        let next = keys.iter().filter_map(|key| self.next.get(key)).max();
        next.map_or(Duration::ZERO, |next| next.saturating_sub(now))
    }

    /// Counts a write at `now` of `keys` that need not wait.
    pub(crate) fn count(&mut self, keys: &[u64], now: Duration) {
        let next = now.saturating_add(self.interval);
        self.next.extend(keys.iter().map(|key| (*key, next)));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{MAX_KEYS, RecentWrites};

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn keys_wait_for_themselves_alone() {
        let mut writes = RecentWrites::new(SECOND);
        writes.count(&[1], SECOND);
        assert_eq!(writes.wait(&[1], SECOND), SECOND);
        assert_eq!(writes.wait(&[2, 1], SECOND * 3 / 2), SECOND / 2);
        assert_eq!(writes.wait(&[2], SECOND), Duration::ZERO);
        assert_eq!(writes.wait(&[1], SECOND * 2), Duration::ZERO);
    }

    #[test]
    fn memory_is_bounded_and_freed() {
        let mut writes = RecentWrites::new(SECOND * 7);
        for key in 0..MAX_KEYS as u64 {
            assert_eq!(writes.wait(&[key], SECOND), Duration::ZERO);
            writes.count(&[key], SECOND);
        }
        assert_eq!(writes.wait(&[u64::MAX], SECOND), SECOND * 7);
        assert_eq!(writes.next.len(), MAX_KEYS);
        assert_eq!(writes.wait(&[u64::MAX], SECOND * 8), Duration::ZERO);
        assert_eq!(writes.next.len(), 0);
    }
}
