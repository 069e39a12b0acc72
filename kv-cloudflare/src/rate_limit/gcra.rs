//! Generic cell rate algorithm: a burst of requests at once, then one per period.

use std::{num::NonZeroU32, time::Duration};

/// Limiter of requests, which counts by one time: that of the next request if all of them came evenly. A
/// request may come earlier than that, by as many periods as a burst has requests, but one. Times are those
/// of a monotonic clock.
#[derive(Debug)]
pub(crate) struct Gcra {
    period: Duration,
    tolerance: Duration,
    next: Duration,
}

impl Gcra {
    pub(crate) const fn new(burst: NonZeroU32, period: Duration) -> Self {
        Self { period, tolerance: period.saturating_mul(burst.get() - 1), next: Duration::ZERO }
    }

    /// Returns how long a request with `ahead` others before it has to wait at `now`.
    pub(crate) fn wait(&self, ahead: usize, now: Duration) -> Duration {
        let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
        let turn = self.next.max(now).saturating_add(self.period.saturating_mul(ahead));
        turn.saturating_sub(self.tolerance).saturating_sub(now)
    }

    /// Counts a request that goes at `now`.
    pub(crate) fn count(&mut self, now: Duration) {
        self.next = self.next.max(now).saturating_add(self.period);
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use super::Gcra;

    #[test]
    fn a_burst_goes_at_once_and_comes_back_evenly() {
        let second = Duration::from_secs(1);
        let mut gcra = Gcra::new(NonZeroU32::new(3).unwrap(), second);
        for start in [Duration::ZERO, second * 100] {
            for _ in 0..3 {
                assert_eq!(gcra.wait(0, start), Duration::ZERO);
                gcra.count(start);
            }
            assert_eq!(gcra.wait(0, start), second);
            assert_eq!(gcra.wait(2, start), second * 3);
            assert_eq!(gcra.wait(0, start + second), Duration::ZERO);
        }
    }

    /// The end of time is a wait, not a panic.
    #[test]
    fn extreme_times_saturate() {
        let mut gcra = Gcra::new(NonZeroU32::MAX, Duration::MAX);
        gcra.count(Duration::MAX);
        gcra.count(Duration::MAX);
        assert_eq!(gcra.wait(usize::MAX, Duration::MAX), Duration::ZERO);
        let mut gcra = Gcra::new(NonZeroU32::MIN, Duration::MAX);
        gcra.count(Duration::from_secs(1));
        assert_eq!(gcra.wait(usize::MAX, Duration::ZERO), Duration::MAX);
    }
}
