//! Versions of entries, and the terms of conditional writes.

/// Version of an entry: the write that made it, for conditional writes.
///
/// Every write of a key takes a new version, plain writes too, and no version is used twice for a key in a
/// store: not after a remove, an expiry, a sweep or a reopening. Versions say nothing about order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version(u64);

impl Version {
    /// Returns the version with this number. For backends.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

/// Precondition of a conditional write.
///
/// An entry that has expired is absent, swept or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expected {
    /// No entry.
    Absent,
    /// The entry with this version.
    Version(Version),
}

impl From<Version> for Expected {
    fn from(version: Version) -> Self {
        Self::Version(version)
    }
}

impl Expected {
    /// `true` if `current`, the version of the live entry if there is one, is the expected one. For backends.
    #[must_use]
    pub fn holds(self, current: Option<Version>) -> bool {
        match self {
            Self::Absent => current.is_none(),
            Self::Version(version) => current == Some(version),
        }
    }
}

/// Outcome of a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "a conflict means that nothing was written"]
pub enum Conditional {
    /// The write was applied with this version. A removal takes a version too, which no entry has.
    Applied(Version),
    /// The entry was another one, and nothing was written. Read again and decide again.
    Conflict,
}
