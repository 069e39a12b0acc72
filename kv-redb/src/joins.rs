//! Large values that are being put together.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use kv_core::{Bytes, Result, Version};
use tokio::sync::Semaphore;

use crate::state::State;

/// How many large values are put together at a time. Each takes up to 25 MiB, and a thread of the blocking pool.
const MAX_JOINS: usize = 8;

/// How putting a value together ended.
#[derive(Clone)]
pub(crate) enum Joined {
    Value(Bytes),
    /// The entry was changed or removed meanwhile.
    Gone,
}

type Join = Shared<BoxFuture<'static, Result<Joined>>>;

/// Large values that are being put together: a value that many ask for at once is put together once, and only a few are
/// at the same time.
pub(crate) struct Joins {
    under_way: Mutex<HashMap<Version, WeakShared<BoxFuture<'static, Result<Joined>>>>>,
    room: Arc<Semaphore>,
}

impl Default for Joins {
    fn default() -> Self {
        Self { under_way: Mutex::default(), room: Arc::new(Semaphore::new(MAX_JOINS)) }
    }
}

impl Joins {
    fn under_way(&self) -> MutexGuard<'_, HashMap<Version, WeakShared<BoxFuture<'static, Result<Joined>>>>> {
        // Nothing that runs under the lock panics, so a poisoned one holds nothing half done.
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value that belongs to `version`: that of a join under way, or of `join`, which is started.
    pub(crate) async fn run<F>(&self, state: &Arc<State>, version: Version, join: F) -> Result<Joined>
    where
        F: Future<Output = Result<Joined>> + Send + 'static,
    {
        let joined = self.under_way_or(state, version, join);
        joined.await
    }

    fn under_way_or<F>(&self, state: &Arc<State>, version: Version, join: F) -> Join
    where
        F: Future<Output = Result<Joined>> + Send + 'static,
    {
        let mut under_way = self.under_way();
        if let Some(join) = under_way.get(&version).and_then(WeakShared::upgrade) {
            return join;
        }
        let room = Arc::clone(&self.room);
        let over = Over { state: Arc::downgrade(state), version };
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
    state: Weak<State>,
    version: Version,
}

impl Drop for Over {
    fn drop(&mut self) {
        if let Some(state) = self.state.upgrade() {
            state.joins.under_way().remove(&self.version);
        }
    }
}

impl fmt::Debug for Joins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joins").field("room", &self.room.available_permits()).finish_non_exhaustive()
    }
}
