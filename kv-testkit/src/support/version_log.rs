//! Versions that a backend reported, checked against each other.

use std::{borrow::Borrow, collections::HashMap, hash::Hash};

use kv_core::Version;

/// Versions that a backend reported: for each key, each version with the write that took it.
#[derive(Debug)]
pub(crate) struct VersionLog<K, W>(HashMap<K, Vec<(Version, W)>>);

/// Contradiction between two reports about one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VersionConflict<W> {
    /// One write has two versions.
    TwoVersions(W),
    /// Two writes have the same version.
    SameVersion(W, W),
}

impl<K, W> Default for VersionLog<K, W> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, W: Copy + Eq> VersionLog<K, W> {
    /// Adds the version that `write` of `key` took. Fails if it contradicts an earlier report.
    pub(crate) fn add(&mut self, key: K, write: W, version: Version) -> Result<(), VersionConflict<W>> {
        let reported = self.0.entry(key).or_default();
        for &(other_version, other_write) in reported.iter() {
            match (other_version == version, other_write == write) {
                (true, true) => return Ok(()),
                (true, false) => return Err(VersionConflict::SameVersion(other_write, write)),
                (false, true) => return Err(VersionConflict::TwoVersions(write)),
                (false, false) => {}
            }
        }
        reported.push((version, write));
        Ok(())
    }

    /// Returns the version that `write` of `key` took, if it was reported.
    pub(crate) fn version<Q: Eq + Hash + ?Sized>(&self, key: &Q, write: W) -> Option<Version>
    where
        K: Borrow<Q>,
    {
        let reported = self.0.get(key)?;
        reported.iter().find(|(_, other)| *other == write).map(|(version, _)| *version)
    }

    /// Returns every version of `key` that was reported.
    pub(crate) fn versions<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Vec<Version>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).into_iter().flatten().map(|(version, _)| *version).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictions_are_found_within_a_key() {
        let mut log = VersionLog::default();
        assert_eq!(log.add("a", 1, Version::new(7)), Ok(()));
        assert_eq!(log.add("a", 1, Version::new(7)), Ok(()));
        assert_eq!(log.add("b", 2, Version::new(7)), Ok(()));
        assert_eq!(log.add("a", 1, Version::new(8)), Err(VersionConflict::TwoVersions(1)));
        assert_eq!(log.add("a", 3, Version::new(7)), Err(VersionConflict::SameVersion(1, 3)));
        assert_eq!(log.version("a", 1), Some(Version::new(7)));
        assert_eq!(log.versions("a"), [Version::new(7)]);
    }
}
