//! Timestamps in whole seconds.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::types::invalid_input::InvalidInput;

/// Point in time: whole seconds since 1970-01-01T00:00:00Z, to the end of the year 9999.
///
/// Workers KV's `expiration` has the same unit. serde writes it as a number.
///
/// ```
/// use std::time::Duration;
/// use kv_core::Timestamp;
///
/// let start = Timestamp::from_secs(1_000)?;
/// assert_eq!(start.saturating_add(Duration::from_millis(60_999)).as_secs(), 1_060);
/// assert_eq!(start.saturating_add(Duration::MAX), Timestamp::MAX);
/// # Ok::<(), kv_core::InvalidInput>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z, which is also the default.
    pub const EPOCH: Self = Self(0);

    /// Last timestamp: 9999-12-31T23:59:59Z.
    pub const MAX: Self = Self(253_402_300_799);

    /// Returns the time `seconds` after the epoch.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::TimestampTooLate`].
    pub const fn from_secs(seconds: u64) -> Result<Self, InvalidInput> {
        if seconds > Self::MAX.0 {
            return Err(InvalidInput::TimestampTooLate { seconds });
        }
        Ok(Self(seconds))
    }

    /// Returns the seconds since the epoch.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// Returns the time `duration` later, without its fraction of a second; [`Timestamp::MAX`] at the latest.
    #[must_use]
    pub const fn saturating_add(self, duration: Duration) -> Self {
        let seconds = self.0.saturating_add(duration.as_secs());
        if seconds > Self::MAX.0 { Self::MAX } else { Self(seconds) }
    }

    /// Returns the time since `earlier`; zero if that is later.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }

    /// `true` if an entry that expires at this time is gone at `now`, that is from this second on.
    #[must_use]
    pub const fn has_passed(self, now: Self) -> bool {
        self.0 <= now.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_secs(u64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
