//! What the writer publishes and every handle reads.

use std::{
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use arc_swap::ArcSwapOption;
use kv_core::{Clock, Error, Result, Timestamp};
use tokio::sync::Semaphore;

use crate::{
    file::{error, stored_entry::Damage},
    read::{
        catalog::Catalog, joins::Joins, read_error::ReadError, snapshot::Snapshot, value_cache::LargeValues,
    },
};

/// What the writer publishes and every handle reads.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) path: PathBuf,
    clock: Arc<dyn Clock>,
    pub(crate) catalog: Catalog,
    pub(crate) large_values: LargeValues,
    pub(crate) joins: Joins,
    /// What the last commit left; `None` once the store is closed.
    snapshot: ArcSwapOption<Snapshot>,
    /// Why the store takes no writes at the moment, while its disk is full.
    full: ArcSwapOption<Error>,
    /// Why the store takes no more writes, if it does not.
    failure: OnceLock<Error>,
    /// Why closing the file failed, if it did.
    close_failure: OnceLock<Error>,
    /// Has no permits and is closed once the file is: waiting for a permit is waiting for that.
    ended: Semaphore,
    /// The process that has the writer's thread.
    process: u32,
}

impl State {
    pub(crate) fn new(
        path: PathBuf,
        clock: Arc<dyn Clock>,
        catalog: Catalog,
        large_values: LargeValues,
        snapshot: Snapshot,
    ) -> Self {
        Self {
            path,
            clock,
            catalog,
            large_values,
            joins: Joins::default(),
            snapshot: ArcSwapOption::from_pointee(snapshot),
            full: ArcSwapOption::empty(),
            failure: OnceLock::new(),
            close_failure: OnceLock::new(),
            ended: Semaphore::new(0),
            process: std::process::id(),
        }
    }

    /// State of a store in memory.
    #[cfg(test)]
    #[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    pub(crate) fn in_memory() -> Self {
        let engine = crate::file::store_file::Engine { cache_bytes: 0, quick_repair: false };
        let disk = crate::file::disk::Disk::of_backend(redb::backends::InMemoryBackend::new()).unwrap();
        let opened = crate::file::open::load("memory".as_ref(), engine.open_disk(disk).unwrap()).unwrap();
        let snapshot = Snapshot::take(&opened.file).unwrap();
        let clock = Arc::new(kv_core::SystemClock);
        Self::new("memory".into(), clock, Catalog::default(), LargeValues::new(0), snapshot)
    }

    /// As another process sees it, to which it was copied by a fork.
    #[cfg(test)]
    pub(crate) fn forked(mut self) -> Self {
        self.process = self.process.wrapping_add(1);
        self
    }

    /// The time. A panic of a caller's clock is told as such, and not as damage of the file.
    pub(crate) fn now(&self) -> Result<Timestamp> {
        self.ask_clock(|clock| clock.now())
    }

    /// Asks the clock for something.
    pub(crate) fn ask_clock<T>(&self, ask: impl FnOnce(&dyn Clock) -> T) -> Result<T> {
        let answer = panic::catch_unwind(AssertUnwindSafe(|| ask(&*self.clock)));
        answer.map_err(|_| error::clock_panicked(&self.path))
    }

    /// Reads from the last commit's snapshot, whose pages cannot be used again meanwhile.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Snapshot) -> Result<T>) -> Result<T> {
        match &*self.snapshot.load() {
            Some(snapshot) => read(snapshot),
            None => Err(self.closed()),
        }
    }

    /// The last commit's snapshot, for a read that is long. Its pages cannot be used again while it is held.
    pub(crate) fn snapshot(&self) -> Result<Arc<Snapshot>> {
        self.snapshot.load_full().ok_or_else(|| self.closed())
    }

    /// Fails if the store is closed.
    pub(crate) fn check(&self) -> Result<()> {
        if self.snapshot.load().is_some() { Ok(()) } else { Err(self.closed()) }
    }

    /// Fails if a write would be refused: the store is closed, failed, or its disk is full.
    pub(crate) fn check_writes(&self) -> Result<()> {
        self.check()?;
        self.refusal().map_or(Ok(()), Err)
    }

    /// Fails in a process that was forked from the one that opened the store.
    pub(crate) fn check_process(&self) -> Result<()> {
        if std::process::id() == self.process { Ok(()) } else { Err(error::forked(&self.path)) }
    }

    /// Why the store takes no writes, if it does not: at the moment, or until it is opened again.
    pub(crate) fn refusal(&self) -> Option<Error> {
        self.failure().cloned().or_else(|| self.full.load().as_deref().cloned())
    }

    pub(crate) fn publish(&self, snapshot: Snapshot) {
        self.snapshot.store(Some(Arc::new(snapshot)));
    }

    /// `true` if the file is open in another way by now than `snapshot` reads it.
    pub(crate) fn has_replaced(&self, snapshot: &Snapshot) -> bool {
        self.snapshot.load().as_deref().is_some_and(|current| !std::ptr::eq(current, snapshot))
    }

    /// Refuses writes while the disk is full, or no longer.
    pub(crate) fn set_full(&self, refusal: Option<Error>) {
        self.full.store(refusal.map(Arc::new));
    }

    /// Records that the store takes no more writes, and why.
    pub(crate) fn fail(&self, cause: redb::Error) {
        self.failure.get_or_init(|| {
            tracing::error!(store = %self.path.display(), %cause, "a write failed: the store takes no more writes");
            error::write_failed(&self.path, cause)
        });
    }

    /// Why the store takes no more writes until it is opened again, if it does not.
    pub(crate) fn failure(&self) -> Option<&Error> {
        self.failure.get()
    }

    /// Returns the error that a caller gets for a failed read.
    pub(crate) fn read_error(&self, failure: ReadError) -> Error {
        match failure {
            ReadError::Engine(redb::Error::DatabaseClosed) if self.check().is_ok() => {
                error::opened_anew(&self.path)
            }
            ReadError::Engine(cause) => error::read_failed(&self.path, cause),
            ReadError::Damage(damage) => self.damaged(damage),
            ReadError::Refused(refused) => refused.into(),
            ReadError::Clock(panicked) => panicked,
        }
    }

    /// Error for a record that this crate did not write.
    pub(crate) fn damaged(&self, damage: Damage) -> Error {
        error::damaged(&self.path, damage)
    }

    /// Why a request cannot be accepted any more: the store failed, or is closed.
    pub(crate) fn closed(&self) -> Error {
        self.failure.get().cloned().unwrap_or_else(|| error::closed(&self.path))
    }

    /// Lets go of the file's pages: from now on everything is answered with [`closed`](State::closed).
    pub(crate) fn withdraw(&self) {
        self.snapshot.store(None);
    }

    /// Records that the file is closed.
    pub(crate) fn end(&self, closed: Result<(), redb::Error>) {
        // After a failed write, that closing fails too is no news.
        if let Err(cause) = closed
            && self.refusal().is_none()
        {
            let _ = self.close_failure.set(error::close_failed(&self.path, cause));
        }
        self.withdraw();
        self.ended.close();
    }

    /// Waits until the file is closed.
    pub(crate) async fn ended(&self) -> Result<()> {
        // There are no permits, so this ends with the closing alone.
        let _ = self.ended.acquire().await;
        self.close_failure.get().map_or(Ok(()), |failure| Err(failure.clone()))
    }
}
