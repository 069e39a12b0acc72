//! The keys that a page of an ordered backend may hold.

use std::ops::Bound;

/// The keys that a page of an ordered backend may hold; see [`ListOptions::key_range`](crate::ListOptions::key_range).
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRange<'a> {
    /// Where it starts.
    pub start: Bound<&'a str>,
    /// Where it ends, exclusively; `None` if only the namespace ends it.
    pub end: Option<String>,
}

impl std::fmt::Debug for KeyRange<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The bounds are keys.
        f.debug_struct("KeyRange").finish_non_exhaustive()
    }
}
