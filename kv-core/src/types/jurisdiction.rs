//! Jurisdiction: the legal area that a namespace's data stays in.

use std::{fmt, str::FromStr};

use crate::types::invalid_input::InvalidInput;

/// Legal area that a namespace's data stays in, chosen when the namespace is created. It never changes.
///
/// The names are Workers KV's. The service keeps the data in the area; a store on one machine keeps the name
/// alone.
///
/// ```
/// use kv_core::{InvalidInput, Jurisdiction};
///
/// assert_eq!("eu".parse(), Ok(Jurisdiction::Eu));
/// assert_eq!(Jurisdiction::Fedramp.to_string(), "fedramp");
/// assert_eq!("EU".parse::<Jurisdiction>(), Err(InvalidInput::JurisdictionUnknown));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Jurisdiction {
    /// The European Union: `eu`.
    Eu,
    /// Data centers that are authorised to hold data of the United States government: `fedramp`.
    Fedramp,
    /// The United States: `us`.
    Us,
}

impl Jurisdiction {
    /// Every jurisdiction.
    pub const ALL: [Self; 3] = [Self::Eu, Self::Fedramp, Self::Us];

    /// Returns the name, as Workers KV's API spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eu => "eu",
            Self::Fedramp => "fedramp",
            Self::Us => "us",
        }
    }
}

impl FromStr for Jurisdiction {
    type Err = InvalidInput;

    /// Returns the jurisdiction with this name, in lower case, as Workers KV's API spells it.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::JurisdictionUnknown`].
    fn from_str(name: &str) -> Result<Self, InvalidInput> {
        let named = Self::ALL.into_iter().find(|jurisdiction| jurisdiction.as_str() == name);
        named.ok_or(InvalidInput::JurisdictionUnknown)
    }
}

impl fmt::Display for Jurisdiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
