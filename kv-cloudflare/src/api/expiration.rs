//! Deadlines, as the service takes them.

use kv_core::{Expiration, Timestamp, limits};

/// How a deadline is told to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WireExpiration {
    /// There is none.
    Never,
    /// `expiration_ttl`: seconds from when the service applies the write.
    Ttl(u64),
    /// `expiration`: seconds since the epoch.
    At(u64),
    /// It has passed, so the entry is absent at once. The service takes no such write: the key is removed instead.
    Expired,
}

impl WireExpiration {
    pub(crate) fn new(expiration: Option<Expiration>, now: Timestamp) -> Self {
        let Some(expiration) = expiration else { return Self::Never };
        let deadline = expiration.deadline(now);
        if let Some(time_to_live) = expiration.time_to_live() {
            // Where that is after the last timestamp, the deadline is that.
            let longest = deadline.saturating_since(now).as_secs().max(limits::MIN_EXPIRATION.as_secs());
            return Self::Ttl(time_to_live.as_secs().min(longest));
        }
        if deadline.has_passed(now) {
            Self::Expired
        } else if deadline.saturating_since(now) < limits::MIN_EXPIRATION {
            // A deadline that is carried on may be this near, but the service takes none that is.
            Self::Ttl(limits::MIN_EXPIRATION.as_secs())
        } else {
            Self::At(deadline.as_secs())
        }
    }

    pub(crate) const fn ttl(self) -> Option<u64> {
        match self {
            Self::Ttl(seconds) => Some(seconds),
            Self::Never | Self::At(_) | Self::Expired => None,
        }
    }

    pub(crate) const fn at(self) -> Option<u64> {
        match self {
            Self::At(seconds) => Some(seconds),
            Self::Never | Self::Ttl(_) | Self::Expired => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kv_core::{Entry, Expiration, Timestamp};

    use super::WireExpiration;

    #[test]
    fn deadlines_are_told_as_the_caller_said_them() {
        let at = |seconds| Timestamp::from_secs(seconds).unwrap();
        let now = at(1_000);
        let carried = |seconds| Expiration::of(&Entry::new(()).with_expires_at(at(seconds)));
        let after = |time| Some(Expiration::after(time).unwrap());
        let table = [
            (None, WireExpiration::Never),
            (after(Duration::from_millis(60_999)), WireExpiration::Ttl(60)),
            (after(Duration::MAX), WireExpiration::Ttl(253_402_300_799 - 1_000)),
            (Some(Expiration::at(at(1_060), now).unwrap()), WireExpiration::At(1_060)),
            (carried(1_060), WireExpiration::At(1_060)),
            (carried(1_059), WireExpiration::Ttl(60)),
            (carried(1_001), WireExpiration::Ttl(60)),
            (carried(1_000), WireExpiration::Expired),
            (carried(0), WireExpiration::Expired),
            (carried(253_402_300_799), WireExpiration::At(253_402_300_799)),
        ];
        for (expiration, expected) in table {
            assert_eq!(WireExpiration::new(expiration, now), expected, "{expiration:?}");
        }
    }
}
