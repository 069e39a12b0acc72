//! The description of a namespace, as its store gives it.

use crate::types::{jurisdiction::Jurisdiction, namespace_id::NamespaceId, namespace_title::NamespaceTitle};

/// The description of a namespace, as its store gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamespaceInfo {
    /// The id, which never changes.
    pub id: NamespaceId,
    /// The title, which a rename changes.
    pub title: NamespaceTitle,
    /// The jurisdiction that the namespace was created in, which never changes; `None` if it was created without one.
    pub jurisdiction: Option<Jurisdiction>,
}

impl NamespaceInfo {
    /// The namespace `id` under `title`, without a jurisdiction.
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
