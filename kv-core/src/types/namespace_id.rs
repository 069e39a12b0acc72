//! The name that a store gives to a namespace.

use std::{fmt, str::FromStr};

use crate::types::{invalid_input::InvalidInput, limits};

/// The name that a store gives to a namespace: 1 to 32 characters.
///
/// The stores of this workspace, like Workers KV, give 32 lower-case hexadecimal digits, drawn at random and never
/// used again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamespaceId(String);

impl NamespaceId {
    /// Takes `id` as it is.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::NamespaceIdEmpty`] or [`InvalidInput::NamespaceIdTooLong`].
    ///
    /// ```
    /// # use kv_core::NamespaceId;
    /// assert!(NamespaceId::new("0f2ac74b498b48028cb68387c421e279").is_ok());
    /// ```
    pub fn new(id: impl Into<String>) -> Result<Self, InvalidInput> {
        let id = id.into();
        match id.chars().count() {
            0 => Err(InvalidInput::NamespaceIdEmpty),
            chars if chars > limits::MAX_NAMESPACE_ID_CHARS => {
                Err(InvalidInput::NamespaceIdTooLong { chars })
            }
            _ => Ok(Self(id)),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NamespaceId {
    type Err = InvalidInput;

    fn from_str(id: &str) -> Result<Self, InvalidInput> {
        Self::new(id)
    }
}

impl fmt::Display for NamespaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
