//! Expiration of a write: a TTL or a time.

use std::time::Duration;

use crate::types::{entry::Entry, invalid_input::InvalidInput, limits, timestamp::Timestamp};

/// Expiration of a write: a TTL, or a time of expiry.
///
/// An entry without one stays until it is deleted. An entry with one is gone for every operation, listings
/// too, from the second of its expiry on.
///
/// ```
/// use std::time::Duration;
/// use kv_core::{Expiration, InvalidInput};
///
/// let hour = Expiration::after(Duration::from_secs(3_600))?;
/// # let _ = hour;
/// let too_short = Expiration::after(Duration::from_millis(59_999)).unwrap_err();
/// assert_eq!(too_short, InvalidInput::ExpirationTtlTooShort { seconds: 59 });
/// # Ok::<(), InvalidInput>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiration(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    After { seconds: u64 },
    At(Timestamp),
}

impl Expiration {
    /// Expires `ttl` after the write, by the backend's clock when it applies the write. Fractions of a second
    /// are dropped; a time after [`Timestamp::MAX`] becomes that.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::ExpirationTtlTooShort`] under 60 seconds, which is Workers KV's limit.
    pub const fn after(ttl: Duration) -> Result<Self, InvalidInput> {
        let seconds = ttl.as_secs();
        if seconds < limits::MIN_EXPIRATION.as_secs() {
            return Err(InvalidInput::ExpirationTtlTooShort { seconds });
        }
        Ok(Self(Kind::After { seconds }))
    }

    /// Expires at `expires_at`, which has to be 60 seconds after `now` or later. `now` is the caller's time
    /// and serves this check alone.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::ExpirationTooSoon`].
    pub fn at(expires_at: Timestamp, now: Timestamp) -> Result<Self, InvalidInput> {
        // Not `now + 60`, which would saturate at the last timestamp.
        if expires_at.saturating_since(now) < limits::MIN_EXPIRATION {
            return Err(InvalidInput::ExpirationTooSoon { expiration: expires_at, now });
        }
        Ok(Self(Kind::At(expires_at)))
    }

    /// Keeps the expiry of an [`Entry`], a [`KeyInfo`](crate::KeyInfo) or a [`RecordInfo`](crate::RecordInfo)
    /// in a read-modify-write or a copy; `None` if it has none. It was accepted before, so it may be less
    /// than 60 seconds away. An entry that is written with a time of expiry in the past is absent at once.
    ///
    /// ```
    /// use kv_core::{Entry, Expiration, PutOptions, Timestamp, Value};
    ///
    /// let entry = Entry::new(Value::default()).with_expires_at(Timestamp::from_secs(1_060)?);
    /// let options = PutOptions::default().with_expiration(Expiration::of(&entry));
    /// assert_eq!(options.expires_at(Timestamp::from_secs(1_059)?), entry.expires_at);
    /// # Ok::<(), kv_core::InvalidInput>(())
    /// ```
    #[must_use]
    pub fn of(entry: &impl HasExpiry) -> Option<Self> {
        entry.expires_at().map(|expires_at| Self(Kind::At(expires_at)))
    }

    /// Returns the time of expiry of a write that is applied at `now`. For backends.
    #[must_use]
    pub const fn expires_at(self, now: Timestamp) -> Timestamp {
        match self.0 {
            Kind::After { seconds } => now.saturating_add(Duration::from_secs(seconds)),
            Kind::At(expires_at) => expires_at,
        }
    }

    /// Returns the TTL, if the expiration was made by [`after`](Expiration::after). For backends that pass it
    /// on.
    #[must_use]
    pub const fn ttl(self) -> Option<Duration> {
        match self.0 {
            Kind::After { seconds } => Some(Duration::from_secs(seconds)),
            Kind::At(_) => None,
        }
    }
}

/// Types with a time of expiry: [`Entry`], [`KeyInfo`](crate::KeyInfo) and [`RecordInfo`](crate::RecordInfo).
/// Sealed.
pub trait HasExpiry: sealed::Sealed {
    /// Returns the time of expiry, if it has one.
    fn expires_at(&self) -> Option<Timestamp>;
}

impl<V> HasExpiry for Entry<V> {
    fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }
}

impl<V> sealed::Sealed for Entry<V> {}

pub(crate) mod sealed {
    pub trait Sealed {}
}
