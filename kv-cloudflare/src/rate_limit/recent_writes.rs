//! When keys were written last.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use governor::{nanos::Nanos, state::StateStore};

/// As many keys as are remembered: six bulk writes of the largest size. It bounds the memory at about 2 MiB.
const MAX_KEYS: usize = 65_536;

/// When each key that was written lately may be written again. Keys are hashes, so no key stays in memory; two keys with one
/// hash wait for each other, which is rare and harms nothing. Clones are the same: one is the limiter's, through which it
/// decides, and one is asked how long to wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecentWrites(Arc<Mutex<HashMap<u64, Nanos>>>);

impl RecentWrites {
    /// How long after `now`, counted from the limiter's start, every one of `keys` may be written; `full` if there is no room
    /// to remember them now.
    pub(crate) fn wait(&self, keys: &[u64], now: Duration, full: Duration) -> Duration {
        let mut states = self.states();
        if states.len() + keys.len() > MAX_KEYS {
            states.retain(|_, next| Duration::from(*next) > now);
            // A call with more keys than there is room for goes when nothing else is remembered.
            if states.len() + keys.len() > MAX_KEYS && !states.is_empty() {
                return full;
            }
        }
        let next = keys.iter().filter_map(|key| states.get(key)).max();
        next.map_or(Duration::ZERO, |next| Duration::from(*next).saturating_sub(now))
    }

    fn states(&self) -> MutexGuard<'_, HashMap<u64, Nanos>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for RecentWrites {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut states = self.states();
        let (outcome, next) = measure(states.get(key).copied())?;
        states.insert(*key, next);
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use governor::{nanos::Nanos, state::StateStore};

    use super::{MAX_KEYS, RecentWrites};

    const SECOND: Duration = Duration::from_secs(1);

    fn write(writes: &RecentWrites, key: u64, now: Duration) {
        let next: Nanos = (now + SECOND).into();
        writes.measure_and_replace(&key, |_| Ok::<_, ()>(((), next))).unwrap();
    }

    #[test]
    fn keys_wait_for_themselves_alone() {
        let writes = RecentWrites::default();
        write(&writes, 1, SECOND);
        assert_eq!(writes.wait(&[1], SECOND, SECOND), SECOND);
        assert_eq!(writes.wait(&[2, 1], SECOND * 3 / 2, SECOND), SECOND / 2);
        assert_eq!(writes.wait(&[2], SECOND, SECOND), Duration::ZERO);
        assert_eq!(writes.wait(&[1], SECOND * 2, SECOND), Duration::ZERO);
    }

    #[test]
    fn memory_is_bounded_and_given_back() {
        let writes = RecentWrites::default();
        for key in 0..MAX_KEYS as u64 {
            assert_eq!(writes.wait(&[key], SECOND, SECOND), Duration::ZERO);
            write(&writes, key, SECOND);
        }
        assert_eq!(writes.wait(&[u64::MAX], SECOND, SECOND * 7), SECOND * 7);
        assert_eq!(writes.states().len(), MAX_KEYS);
        assert_eq!(writes.wait(&[u64::MAX], SECOND * 2, SECOND), Duration::ZERO);
        assert_eq!(writes.states().len(), 0);
    }
}
