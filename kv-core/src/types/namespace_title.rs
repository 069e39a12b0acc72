//! The name that a person gives to a namespace.

use std::{fmt, str::FromStr};

use crate::types::{invalid_input::InvalidInput, limits};

/// The name that a person gives to a namespace: 1 to 512 characters, unique in its store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamespaceTitle(String);

impl NamespaceTitle {
    /// Takes `title` as it is.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::NamespaceTitleEmpty`] or [`InvalidInput::NamespaceTitleTooLong`].
    ///
    /// ```
    /// # use kv_core::NamespaceTitle;
    /// assert!(NamespaceTitle::new("sessions").is_ok());
    /// ```
    pub fn new(title: impl Into<String>) -> Result<Self, InvalidInput> {
        let title = title.into();
        match title.chars().count() {
            0 => Err(InvalidInput::NamespaceTitleEmpty),
            chars if chars > limits::MAX_NAMESPACE_TITLE_CHARS => {
                Err(InvalidInput::NamespaceTitleTooLong { chars })
            }
            _ => Ok(Self(title)),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NamespaceTitle {
    type Err = InvalidInput;

    fn from_str(title: &str) -> Result<Self, InvalidInput> {
        Self::new(title)
    }
}

impl fmt::Display for NamespaceTitle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
