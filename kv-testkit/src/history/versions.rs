//! Versions that writes took.

use std::collections::HashMap;

use kv_core::Version;

use crate::history::event::WriteId;

/// Call that took a version. A removal takes one too; it is told by the moment at which it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    Write(WriteId),
    Removal(u64),
}

/// Versions that writes took, as answers told, each by the number of its key.
#[derive(Debug, Default)]
pub(super) struct Versions(Vec<(usize, Origin, Version)>);

impl Versions {
    pub(super) fn add(&mut self, key: usize, origin: Origin, version: Version) {
        self.0.push((key, origin, version));
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Fails if two writes of one key took one version, or one write took two.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut origins = HashMap::new();
        let mut versions = HashMap::new();
        for &(key, origin, version) in &self.0 {
            let first = *origins.entry((key, version)).or_insert(origin);
            if first != origin {
                return Err(format!("two changes of one key took one version: {first:?} and {origin:?}"));
            }
            if *versions.entry((key, origin)).or_insert(version) != version {
                return Err(format!("one change was told to have two versions: {origin:?}"));
            }
        }
        Ok(())
    }
}
