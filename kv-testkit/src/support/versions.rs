//! Versions of entries, and conditional writes that take them.

use std::collections::HashSet;

use kv_core::{AtomicKv, AtomicKvExt, Conditional, Expected, IntoValue, Key, PutOptions, Result, Version};

/// Versions that one key has had.
#[derive(Default)]
pub(crate) struct SeenVersions(HashSet<Version>);

impl SeenVersions {
    /// Adds `version`, which `write` took. Panics if the key has had it before.
    pub(crate) fn add(&mut self, version: Version, write: &str) {
        assert!(self.0.insert(version), "{write}: no version is used twice for a key");
    }

    /// Adds the version that `key` has now.
    pub(crate) async fn add_current(&mut self, atomic: &dyn AtomicKv, key: &Key<'_>, write: &str) {
        self.add(current_version(atomic, key).await, write);
    }
}

/// Returns the version of the entry under `key`. Panics if the key is absent.
pub(crate) async fn current_version(atomic: &dyn AtomicKv, key: &Key<'_>) -> Version {
    let read = atomic.get_versioned(key).await.unwrap();
    read.expect("an entry that was written has a version").1
}

/// Returns the version that a conditional write took. Panics if it was a conflict, although `why`.
pub(crate) fn applied(outcome: Result<Conditional>, why: &str) -> Version {
    match outcome.unwrap() {
        Conditional::Applied(version) => version,
        Conditional::Conflict => panic!("{why}, and this was a conflict"),
    }
}

/// Makes a conditional write without options.
pub(crate) async fn put_if(
    atomic: &dyn AtomicKv,
    key: &Key<'_>,
    expected: impl Into<Expected>,
    value: impl IntoValue,
) -> Result<Conditional> {
    atomic.put_if(key, expected, value, PutOptions::default()).await
}
