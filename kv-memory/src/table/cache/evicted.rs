//! What moka forgot, to stay within a bound.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kv_core::Version;

use crate::table::index::ordered_index::Index;

/// What moka forgot and the index may still list: keys, and the versions that were under them.
///
/// It has a lock of its own, since moka tells of it in the midst of a write, under the index's lock, or of a read,
/// under none.
#[derive(Default)]
pub(crate) struct Forgotten(Mutex<Vec<(Arc<str>, Version)>>);

impl Forgotten {
    pub(crate) fn add(&self, key: Arc<str>, version: Version) {
        self.lock().push((key, version));
    }

    /// Takes all of it out of `index`. What was written again since then stays.
    pub(crate) fn take_out(&self, index: &mut Index) {
        let forgotten = std::mem::take(&mut *self.lock());
        for (key, version) in forgotten {
            index.remove_version(key, version);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Arc<str>, Version)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::index::ordered_index::Indexed;

    #[test]
    fn what_was_written_again_stays() {
        let (mut index, forgotten) = (Index::default(), Forgotten::default());
        for (key, number) in [("again", 1), ("gone", 2), ("again", 3)] {
            let version = Version::new(number);
            let key = index.insert(key, Indexed { version, expires_at: None, metadata: None });
            if number < 3 {
                forgotten.add(key, version);
            }
        }
        forgotten.add("never there".into(), Version::new(4));
        forgotten.take_out(&mut index);
        let left: Vec<_> = index.range(..).map(|(key, indexed)| (&**key, indexed.version)).collect();
        assert_eq!(left, [("again", Version::new(3))]);
        assert!(forgotten.lock().is_empty());
    }
}
