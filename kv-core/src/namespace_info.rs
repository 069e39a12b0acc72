//! What a store says of a namespace.

use crate::{NamespaceId, NamespaceTitle};

/// What a store says of a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamespaceInfo {
    /// The id, which never changes.
    pub id: NamespaceId,
    /// The title, which a rename changes.
    pub title: NamespaceTitle,
}

impl NamespaceInfo {
    /// The namespace `id` under `title`.
    #[must_use]
    pub const fn new(id: NamespaceId, title: NamespaceTitle) -> Self {
        Self { id, title }
    }
}
