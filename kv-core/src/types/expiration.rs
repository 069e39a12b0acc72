//! When an entry is to end.

use std::time::Duration;

use crate::types::{entry::Entry, invalid_input::InvalidInput, limits, timestamp::Timestamp};

/// When an entry is to end: a time to live, or a deadline.
///
/// An entry without one stays until it is deleted. An entry with one is gone for every operation, listings too,
/// from the very second of its deadline on.
///
/// ```
/// use std::time::Duration;
/// use kv_core::{Expiration, InvalidInput};
///
/// let hour = Expiration::after(Duration::from_secs(3_600))?;
/// # let _ = hour;
/// let refused = Expiration::after(Duration::from_millis(59_999)).unwrap_err();
/// assert_eq!(refused, InvalidInput::ExpirationTtlTooShort { seconds: 59 });
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
    /// `time_to_live` after the write, by the backend's clock at the moment when it applies the write. Fractions of
    /// a second are dropped; a deadline after [`Timestamp::MAX`] becomes that.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::ExpirationTtlTooShort`] under 60 seconds, which is Workers KV's limit.
    pub const fn after(time_to_live: Duration) -> Result<Self, InvalidInput> {
        let seconds = time_to_live.as_secs();
        if seconds < limits::MIN_EXPIRATION.as_secs() {
            return Err(InvalidInput::ExpirationTtlTooShort { seconds });
        }
        Ok(Self(Kind::After { seconds }))
    }

    /// At `deadline`, which has to be 60 seconds after `now` or later. `now` is the caller's own and serves this
    /// check alone.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::ExpirationTooSoon`].
    pub fn at(deadline: Timestamp, now: Timestamp) -> Result<Self, InvalidInput> {
        // Not `now + 60`, which would saturate at the end of time.
        if deadline.saturating_since(now) < limits::MIN_EXPIRATION {
            return Err(InvalidInput::ExpirationTooSoon { expiration: deadline, now });
        }
        Ok(Self(Kind::At(deadline)))
    }

    /// The deadline of an [`Entry`], a [`KeyInfo`](crate::KeyInfo) or a [`RecordInfo`](crate::RecordInfo), carried on by a read-modify-write or a copy; `None` if it has
    /// none. It was accepted before, so it may be less than 60 seconds away. An entry that is written with a
    /// deadline that has passed is absent at once.
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
    pub fn of(entry: &impl HasDeadline) -> Option<Self> {
        entry.deadline().map(|deadline| Self(Kind::At(deadline)))
    }

    /// The deadline of a write that is applied at `now`. For backends.
    #[must_use]
    pub const fn deadline(self, now: Timestamp) -> Timestamp {
        match self.0 {
            Kind::After { seconds } => now.saturating_add(Duration::from_secs(seconds)),
            Kind::At(deadline) => deadline,
        }
    }

    /// The time to live, if the caller said [`after`](Expiration::after). For backends that pass it on.
    #[must_use]
    pub const fn time_to_live(self) -> Option<Duration> {
        match self.0 {
            Kind::After { seconds } => Some(Duration::from_secs(seconds)),
            Kind::At(_) => None,
        }
    }
}

/// What carries a deadline: [`Entry`], [`KeyInfo`](crate::KeyInfo) and [`RecordInfo`](crate::RecordInfo). Sealed.
pub trait HasDeadline: sealed::Sealed {
    /// Its deadline, if it has one.
    fn deadline(&self) -> Option<Timestamp>;
}

impl<V> HasDeadline for Entry<V> {
    fn deadline(&self) -> Option<Timestamp> {
        self.expires_at
    }
}

impl<V> sealed::Sealed for Entry<V> {}

pub(crate) mod sealed {
    pub trait Sealed {}
}
