//! Index of namespaces by their titles.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kv_core::{NamespaceId, NamespaceInfo};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Time for which a title that the last listing did not have counts as absent.
const LISTING_LIFETIME: Duration = Duration::from_secs(1);

/// Maximum number of namespaces that are inserted between two listings.
const MAX_INSERTED: usize = 1000;

/// Index of namespaces by title, as of the last listing. It limits listings of all namespaces to one per
/// second, however many requests name an unknown title.
///
/// A match is only a hint: the store is asked if the namespace still exists and has the title. A namespace
/// that is created or renamed through this server is found at once, one that is created elsewhere after at
/// most a second. The index takes some 100 bytes per namespace.
#[derive(Debug)]
pub(crate) struct Titles {
    index: Mutex<Index>,
    hasher: RandomState,
    /// Permit for the one listing at a time.
    listing: Semaphore,
}

#[derive(Debug, Default)]
struct Index {
    /// Ids by the hash of the title.
    ids: HashMap<u64, NamespaceId>,
    /// Monotonic time at the start of the listing that `ids` is from.
    listed_at: Option<Duration>,
    /// Number of namespaces that were created or renamed.
    changes: u64,
    /// Number of these since the last listing.
    inserted: usize,
}

/// Result of a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// This namespace had the title.
    Found(NamespaceId),
    /// No namespace had the title, less than [`LISTING_LIFETIME`] ago.
    Absent,
    Unknown,
}

/// Listing that is under way.
#[derive(Debug)]
pub(crate) struct Listing {
    started_at: Duration,
    changes: u64,
}

impl Default for Titles {
    fn default() -> Self {
        Self { index: Mutex::default(), hasher: RandomState::new(), listing: Semaphore::new(1) }
    }
}

impl Titles {
    /// Looks a title up; `now` is monotonic.
    pub(crate) fn look_up(&self, title: &str, now: Duration) -> Lookup {
        let index = self.lock();
        if let Some(id) = index.ids.get(&self.hasher.hash_one(title)) {
            return Lookup::Found(id.clone());
        }
        let is_fresh = index.listed_at.is_some_and(|listed| now.saturating_sub(listed) < LISTING_LIFETIME);
        if is_fresh { Lookup::Absent } else { Lookup::Unknown }
    }

    /// Adds a namespace that was created or renamed.
    pub(crate) fn insert(&self, info: &NamespaceInfo) {
        let hash = self.hasher.hash_one(info.title.as_str());
        let mut index = self.lock();
        if index.inserted >= MAX_INSERTED {
            // All of them may be deleted by now, so start over: the next lookup makes a listing.
            *index = Index { changes: index.changes, ..Index::default() };
        }
        index.changes += 1;
        index.inserted += 1;
        index.ids.insert(hash, info.id.clone());
    }

    /// Waits for the permit to list all namespaces. Look the title up again then: another listing may have
    /// found it.
    pub(crate) async fn listing_permit(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.listing.acquire().await.ok()
    }

    /// Begins a listing; `now` is monotonic.
    pub(crate) fn begin_listing(&self, now: Duration) -> Listing {
        Listing { started_at: now, changes: self.lock().changes }
    }

    /// Replaces the index by a listing, unless a namespace was created or renamed meanwhile, which the
    /// listing may lack.
    pub(crate) fn finish_listing(&self, listing: &Listing, namespaces: &[NamespaceInfo]) {
        let ids = namespaces.iter().map(|info| (self.hasher.hash_one(info.title.as_str()), info.id.clone()));
        let ids = ids.collect();
        let mut index = self.lock();
        if index.changes == listing.changes {
            *index =
                Index { ids, listed_at: Some(listing.started_at), changes: listing.changes, inserted: 0 };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kv_core::{NamespaceId, NamespaceInfo, NamespaceTitle};

    use super::{Lookup, MAX_INSERTED, Titles};

    fn info(title: &str) -> NamespaceInfo {
        let id = NamespaceId::new(format!("id of {title}")).unwrap();
        NamespaceInfo::new(id, NamespaceTitle::new(title).unwrap())
    }

    #[test]
    fn absence_lasts_for_a_second_or_until_a_change() {
        let at = Duration::from_millis;
        let titles = Titles::default();
        assert_eq!(titles.look_up("a", at(0)), Lookup::Unknown);
        let listing = titles.begin_listing(at(500));
        titles.finish_listing(&listing, &[info("a")]);
        assert_eq!(titles.look_up("a", at(9_999)), Lookup::Found(info("a").id));
        assert_eq!(titles.look_up("b", at(1_499)), Lookup::Absent);
        assert_eq!(titles.look_up("b", at(1_500)), Lookup::Unknown);
        titles.insert(&info("b"));
        assert_eq!(titles.look_up("b", at(501)), Lookup::Found(info("b").id));

        // A namespace that is created during a listing is kept.
        let listing = titles.begin_listing(at(2_000));
        titles.insert(&info("c"));
        titles.finish_listing(&listing, &[info("a"), info("b")]);
        assert_eq!(titles.look_up("c", at(2_000)), Lookup::Found(info("c").id));
        // A namespace that the next listing lacks is removed.
        let listing = titles.begin_listing(at(2_001));
        titles.finish_listing(&listing, &[info("a")]);
        assert_eq!(titles.look_up("c", at(2_001)), Lookup::Absent);
    }

    #[test]
    fn insertions_are_bounded() {
        let titles = Titles::default();
        for index in 0..3 * MAX_INSERTED {
            let info = info(&index.to_string());
            titles.insert(&info);
            assert_eq!(titles.look_up(info.title.as_str(), Duration::ZERO), Lookup::Found(info.id));
            assert!(titles.lock().ids.len() <= MAX_INSERTED);
        }
        // An evicted title is unknown, not absent.
        assert_eq!(titles.look_up("0", Duration::ZERO), Lookup::Unknown);
    }
}
