//! Deduplication of keys.

use std::collections::HashSet;

use kv_core::Key;

/// Removes the keys that occurred before.
pub(crate) fn keys(mut keys: Vec<Key<'static>>) -> Vec<Key<'static>> {
    let mut seen = HashSet::with_capacity(keys.len());
    keys.retain(|key| seen.insert(key.clone()));
    keys
}

#[cfg(test)]
mod tests {
    use kv_core::Key;

    #[test]
    fn the_first_of_equal_keys_stays_in_its_place() {
        let keys = ["b", "a", "b", "c", "a"].map(Key::from_static);
        assert_eq!(super::keys(keys.to_vec()), ["b", "a", "c"].map(Key::from_static));
    }
}
