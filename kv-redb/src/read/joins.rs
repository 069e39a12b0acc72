//! Large values that are being put together.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use kv_core::{Bytes, Result, Version};
use tokio::sync::Semaphore;

/// Most large values that are put together at a time. Each takes up to 25 MiB, and a thread of the blocking pool.
const MAX_JOINS: usize = 8;

/// Outcome of putting a value together.
#[derive(Clone)]
pub(crate) enum Joined {
    Value(Bytes),
    /// The entry was changed or removed meanwhile.
    Gone,
}

type Join = Shared<BoxFuture<'static, Result<Joined>>>;

type UnderWay = Mutex<HashMap<Version, WeakShared<BoxFuture<'static, Result<Joined>>>>>;

/// Large values that are being put together: a value that many ask for at once is put together once, and only a few are
/// at the same time.
pub(crate) struct Joins {
    under_way: Arc<UnderWay>,
    room: Arc<Semaphore>,
}

impl Default for Joins {
    fn default() -> Self {
        Self { under_way: Arc::default(), room: Arc::new(Semaphore::new(MAX_JOINS)) }
    }
}

fn lock(
    under_way: &UnderWay,
) -> MutexGuard<'_, HashMap<Version, WeakShared<BoxFuture<'static, Result<Joined>>>>> {
    // Nothing that runs under the lock panics, so a poisoned one holds nothing half done.
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Joins {
    /// The value that belongs to `version`: that of a join under way, or of `join`, which is started.
    pub(crate) async fn run<F>(&self, version: Version, join: F) -> Result<Joined>
    where
        F: Future<Output = Result<Joined>> + Send + 'static,
    {
        let joined = self.under_way_or(version, join);
        joined.await
    }

    fn under_way_or<F>(&self, version: Version, join: F) -> Join
    where
        F: Future<Output = Result<Joined>> + Send + 'static,
    {
        let mut under_way = lock(&self.under_way);
        if let Some(join) = under_way.get(&version).and_then(WeakShared::upgrade) {
            return join;
        }
        let room = Arc::clone(&self.room);
        let over = Over { under_way: Arc::clone(&self.under_way), version };
        let join = async move {
            let _over = over;
            // The semaphore is never closed.
            let _room = room.acquire_owned().await;
            join.await
        };
        let join = join.boxed().shared();
        if let Some(weak) = join.downgrade() {
            under_way.insert(version, weak);
        }
        join
    }
}

/// Ends a join when it is dropped: done, or given up by all who asked for it.
struct Over {
    under_way: Arc<UnderWay>,
    version: Version,
}

impl Drop for Over {
    fn drop(&mut self) {
        lock(&self.under_way).remove(&self.version);
    }
}

impl fmt::Debug for Joins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joins").field("room", &self.room.available_permits()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_executor::block_on;
    use futures_util::future::{join, join_all};

    use super::*;

    /// Number of joins made, and the most that are under way together, when the versions are asked for at once.
    fn run(versions: impl Iterator<Item = u64>) -> (usize, usize) {
        let flights = Joins::default();
        let made = Arc::new(AtomicUsize::new(0));
        let under_way = Arc::new(AtomicUsize::new(0));
        let peak = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Semaphore::new(0));
        let joins = versions.map(|version| {
            let made = Arc::clone(&made);
            let under_way = Arc::clone(&under_way);
            let peak = Arc::clone(&peak);
            let gate = Arc::clone(&gate);
            let join = async move {
                made.fetch_add(1, Ordering::Relaxed);
                peak.fetch_max(under_way.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                // None ends before all have begun that may.
                drop(gate.acquire().await);
                under_way.fetch_sub(1, Ordering::Relaxed);
                Ok(Joined::Value(Bytes::from(version.to_string())))
            };
            let flights = &flights;
            async move {
                let joined = flights.run(Version::new(version), join).await;
                assert!(matches!(joined, Ok(Joined::Value(value)) if value == version.to_string()));
            }
        });
        block_on(join(join_all(joins), async { gate.add_permits(1) }));
        assert!(lock(&flights.under_way).is_empty(), "nothing is left of what is over");
        (made.load(Ordering::Relaxed), peak.load(Ordering::Relaxed))
    }

    #[test]
    fn few_are_under_way_at_a_time() {
        assert_eq!(run(0..50), (50, MAX_JOINS));
    }

    #[test]
    fn all_who_ask_for_a_version_share_one() {
        assert_eq!(run(std::iter::repeat_n(7, 50)), (1, 1));
    }
}
