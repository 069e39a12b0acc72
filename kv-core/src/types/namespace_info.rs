//! Description of a namespace: id, title and jurisdiction.

use std::{fmt, str::FromStr};

use crate::types::{invalid_input::InvalidInput, jurisdiction::Jurisdiction, limits};

/// Description of a namespace, as its store returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamespaceInfo {
    /// Id, which never changes.
    pub id: NamespaceId,
    /// Title, which a rename changes.
    pub title: NamespaceTitle,
    /// Jurisdiction that the namespace was created in, which never changes; `None` if it was created without
    /// one.
    pub jurisdiction: Option<Jurisdiction>,
}

impl NamespaceInfo {
    /// Returns the namespace `id` under `title`, without a jurisdiction.
    #[must_use]
    pub const fn new(id: NamespaceId, title: NamespaceTitle) -> Self {
        Self { id, title, jurisdiction: None }
    }

    /// Sets the jurisdiction; `None` clears it.
    #[must_use]
    pub fn with_jurisdiction(mut self, jurisdiction: impl Into<Option<Jurisdiction>>) -> Self {
        self.jurisdiction = jurisdiction.into();
        self
    }
}

/// Id of a namespace, which its store draws: 1 to 32 characters.
///
/// The stores of this workspace and Workers KV use 32 lower-case hexadecimal digits, drawn at random and
/// never used again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamespaceId(String);

impl NamespaceId {
    /// Checks `id` and takes it unchanged.
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

    /// Returns the text.
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

/// Title of a namespace, which people choose: 1 to 512 characters, unique in its store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamespaceTitle(String);

impl NamespaceTitle {
    /// Checks `title` and takes it unchanged.
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

    /// Returns the text.
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
