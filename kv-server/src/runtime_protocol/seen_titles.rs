//! Which namespace was last seen under a title.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kv_core::{NamespaceId, NamespaceInfo};

/// As many as an account of the service has. They are forgotten together, and looked up again.
const MAX_TITLES: usize = 1000;

/// Which id was last seen under a title. It saves the listing of all namespaces, and no answer rests on it alone: the
/// store is asked whether the namespace still exists and still has the title.
#[derive(Debug, Default)]
pub(crate) struct SeenTitles(Mutex<HashMap<String, NamespaceId>>);

impl SeenTitles {
    /// The id that was last seen.
    pub(super) fn get(&self, title: &str) -> Option<NamespaceId> {
        self.lock().get(title).cloned()
    }

    /// Takes note of a namespace.
    pub(super) fn insert(&self, info: &NamespaceInfo) {
        let mut titles = self.lock();
        if titles.len() >= MAX_TITLES {
            titles.clear();
        }
        titles.insert(info.title.as_str().to_owned(), info.id.clone());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, NamespaceId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use kv_core::{KvStore as _, NamespaceTitle};
    use kv_memory::MemoryStore;

    use super::{MAX_TITLES, SeenTitles};

    #[tokio::test]
    async fn what_is_kept_is_bounded() {
        let (store, seen) = (MemoryStore::new(), SeenTitles::default());
        for index in 0..=MAX_TITLES {
            let title = NamespaceTitle::new(format!("title {index}")).unwrap();
            let info = store.create_namespace(title).await.unwrap();
            seen.insert(&info);
            assert_eq!(seen.get(info.title.as_str()), Some(info.id));
            assert!(seen.lock().len() <= MAX_TITLES);
        }
    }
}
