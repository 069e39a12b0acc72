//! Each of several keys once.

use std::collections::HashSet;

use kv_core::Key;

/// `keys` without those that came before.
pub(crate) fn keys(mut keys: Vec<Key<'static>>) -> Vec<Key<'static>> {
    let mut seen = HashSet::with_capacity(keys.len());
    keys.retain(|key| seen.insert(key.clone()));
    keys
}
