//! Which write made an entry.

/// Which write made an entry, for conditional writes.
///
/// Every write of a key takes a new version, plain writes too, and no version is used twice for a key in a store:
/// not after a remove, an expiry, a sweep or a reopening. Versions say nothing about order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version(u64);

impl Version {
    /// The version with this number. For backends.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

/// What a conditional write expects to find.
///
/// An entry that has expired is absent, whether or not it was swept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expected {
    /// No entry.
    Absent,
    /// The entry that this write made.
    Version(Version),
}

impl From<Version> for Expected {
    fn from(version: Version) -> Self {
        Self::Version(version)
    }
}

impl Expected {
    /// Whether `current`, the version of the live entry if there is one, is what was expected. For backends.
    #[must_use]
    pub fn holds(self, current: Option<Version>) -> bool {
        match self {
            Self::Absent => current.is_none(),
            Self::Version(version) => current == Some(version),
        }
    }
}

/// How a conditional write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "a conflict means that nothing was written"]
pub enum Conditional {
    /// It was applied, and this is its version. A removal takes one too, which no entry ever has.
    Applied(Version),
    /// Something else was there: nothing was written. Read again and decide again.
    Conflict,
}
