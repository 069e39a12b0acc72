//! Expiry of an entry, as the service takes it.

use kv_core::{Expiration, Timestamp, limits};

/// Expiry in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WireExpiration {
    /// The entry does not expire.
    Never,
    /// `expiration_ttl`: seconds from when the service applies the write.
    Ttl(u64),
    /// `expiration`: seconds since the epoch.
    At(u64),
    /// The entry has expired already. The service takes no such write, so the key is removed instead.
    Expired,
}

impl WireExpiration {
    pub(crate) fn new(expiration: Option<Expiration>, now: Timestamp) -> Self {
        let Some(expiration) = expiration else { return Self::Never };
        let expires_at = expiration.expires_at(now);
        if let Some(ttl) = expiration.ttl() {
            // A TTL beyond the last timestamp ends there.
            let longest = expires_at.saturating_since(now).as_secs().max(limits::MIN_EXPIRATION.as_secs());
            return Self::Ttl(ttl.as_secs().min(longest));
        }
        if expires_at.has_passed(now) {
            Self::Expired
        } else if expires_at.saturating_since(now) < limits::MIN_EXPIRATION {
            // An expiry that is carried on may be this near, but the service refuses it.
            Self::Ttl(limits::MIN_EXPIRATION.as_secs())
        } else {
            Self::At(expires_at.as_secs())
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
    fn ttls_are_sent_as_ttls_and_times_as_times() {
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
