//! Index of namespaces by their titles.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kv_core::{NamespaceId, NamespaceInfo};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Time for which a title that a listing does not have is taken for unknown.
const LISTING_LIFETIME: Duration = Duration::from_secs(1);

/// The most namespaces that are noted between two listings.
const MAX_NOTED: usize = 1000;

/// Namespaces of the last listing by their titles, so that no more than one listing of all namespaces is made per second,
/// however many requests name a title that is unknown.
///
/// No success rests on it alone: the store is asked whether the namespace still exists and still has the title. What is
/// created or renamed through this server is found at once, what is created elsewhere a second later at most. It takes
/// some 100 bytes for each namespace of the store.
#[derive(Debug)]
pub(crate) struct Titles {
    state: Mutex<State>,
    hasher: RandomState,
    /// A permit for the one listing at a time.
    turn: Semaphore,
}

#[derive(Debug, Default)]
struct State {
    /// By the hash of the title.
    ids: HashMap<u64, NamespaceId>,
    /// The clock's monotonic time when the listing was begun that these are from.
    listed_at: Option<Duration>,
    /// Counts the namespaces that were created or renamed.
    changes: u64,
    /// The number of them that were noted since a listing.
    noted: usize,
}

/// Knowledge of a title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// The namespace had it.
    Seen(NamespaceId),
    /// No namespace had it, a moment ago.
    Absent,
    Unknown,
}

/// A listing that is under way.
#[derive(Debug)]
pub(crate) struct Listing {
    begun_at: Duration,
    changes: u64,
}

impl Default for Titles {
    fn default() -> Self {
        Self { state: Mutex::default(), hasher: RandomState::new(), turn: Semaphore::new(1) }
    }
}

impl Titles {
    /// Looks a title up, at a time of the clock.
    pub(crate) fn look_up(&self, title: &str, now: Duration) -> Lookup {
        let state = self.lock();
        if let Some(id) = state.ids.get(&self.hasher.hash_one(title)) {
            return Lookup::Seen(id.clone());
        }
        let is_fresh = state.listed_at.is_some_and(|listed| now.saturating_sub(listed) < LISTING_LIFETIME);
        if is_fresh { Lookup::Absent } else { Lookup::Unknown }
    }

    /// Takes note of a namespace that was created or renamed.
    pub(crate) fn note(&self, info: &NamespaceInfo) {
        let hash = self.hasher.hash_one(info.title.as_str());
        let mut state = self.lock();
        if state.noted >= MAX_NOTED {
            // They may all be deleted by now: the next listing knows.
            *state = State { changes: state.changes, ..State::default() };
        }
        state.changes += 1;
        state.noted += 1;
        state.ids.insert(hash, info.id.clone());
    }

    /// Waits for the turn to list all namespaces. Look the title up again with it: the last one may have listed it.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.turn.acquire().await.ok()
    }

    /// The listing that begins at a time of the clock.
    pub(crate) fn begin(&self, now: Duration) -> Listing {
        Listing { begun_at: now, changes: self.lock().changes }
    }

    /// Replaces what is known by a listing, unless a namespace was created or renamed since it began: that may be missing.
    pub(crate) fn finish(&self, listing: &Listing, namespaces: &[NamespaceInfo]) {
        let ids = namespaces.iter().map(|info| (self.hasher.hash_one(info.title.as_str()), info.id.clone()));
        let ids = ids.collect();
        let mut state = self.lock();
        if state.changes == listing.changes {
            *state = State { ids, listed_at: Some(listing.begun_at), changes: listing.changes, noted: 0 };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kv_core::{NamespaceId, NamespaceInfo, NamespaceTitle};

    use super::{Lookup, MAX_NOTED, Titles};

    fn info(title: &str) -> NamespaceInfo {
        let id = NamespaceId::new(format!("id of {title}")).unwrap();
        NamespaceInfo::new(id, NamespaceTitle::new(title).unwrap())
    }

    #[test]
    fn absence_is_known_for_a_second_and_ends_with_a_change() {
        let at = Duration::from_millis;
        let titles = Titles::default();
        assert_eq!(titles.look_up("a", at(0)), Lookup::Unknown);
        let listing = titles.begin(at(500));
        titles.finish(&listing, &[info("a")]);
        assert_eq!(titles.look_up("a", at(9_999)), Lookup::Seen(info("a").id));
        assert_eq!(titles.look_up("b", at(1_499)), Lookup::Absent);
        assert_eq!(titles.look_up("b", at(1_500)), Lookup::Unknown);
        titles.note(&info("b"));
        assert_eq!(titles.look_up("b", at(501)), Lookup::Seen(info("b").id));

        // One that was created while a listing was made is not lost with it.
        let listing = titles.begin(at(2_000));
        titles.note(&info("c"));
        titles.finish(&listing, &[info("a"), info("b")]);
        assert_eq!(titles.look_up("c", at(2_000)), Lookup::Seen(info("c").id));
        // And what no listing has any more is forgotten.
        let listing = titles.begin(at(2_001));
        titles.finish(&listing, &[info("a")]);
        assert_eq!(titles.look_up("c", at(2_001)), Lookup::Absent);
    }

    #[test]
    fn what_is_noted_is_bounded() {
        let titles = Titles::default();
        for index in 0..3 * MAX_NOTED {
            let info = info(&index.to_string());
            titles.note(&info);
            assert_eq!(titles.look_up(info.title.as_str(), Duration::ZERO), Lookup::Seen(info.id));
            assert!(titles.lock().ids.len() <= MAX_NOTED);
        }
        // None is taken for absent that was forgotten.
        assert_eq!(titles.look_up("0", Duration::ZERO), Lookup::Unknown);
    }
}
