//! State of an open store, which the writer publishes and every handle reads.

use std::{
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use arc_swap::ArcSwapOption;
use kv_core::{Clock, Error, Result, Timestamp};
use tokio::sync::SetOnce;

use crate::{
    file::{error, stored_entry::CorruptEntry},
    read::{
        assemblies::Assemblies, catalog::Catalog, read_error::ReadError, snapshot::Snapshot,
        value_cache::ValueCache,
    },
};

/// State of an open store.
#[derive(Debug)]
pub(crate) struct StoreState {
    pub(crate) path: PathBuf,
    clock: Arc<dyn Clock>,
    pub(crate) catalog: Catalog,
    pub(crate) value_cache: ValueCache,
    pub(crate) assemblies: Assemblies,
    /// Snapshot of the last commit; `None` once the store is closed.
    snapshot: ArcSwapOption<Snapshot>,
    /// Error of writes while the disk is full.
    disk_full: ArcSwapOption<Error>,
    /// Error of writes after one failed.
    write_failure: OnceLock<Error>,
    /// Outcome of closing the file, once it is closed.
    closed: SetOnce<Result<()>>,
    /// Id of the process that runs the writer's thread.
    process: u32,
}

impl StoreState {
    /// State of a store that was just opened.
    pub(crate) fn new(
        path: PathBuf,
        clock: Arc<dyn Clock>,
        catalog: Catalog,
        value_cache: ValueCache,
        snapshot: Snapshot,
    ) -> Self {
        Self {
            path,
            clock,
            catalog,
            value_cache,
            assemblies: Assemblies::default(),
            snapshot: ArcSwapOption::from_pointee(snapshot),
            disk_full: ArcSwapOption::empty(),
            write_failure: OnceLock::new(),
            closed: SetOnce::new(),
            process: std::process::id(),
        }
    }

    /// State of a store in memory.
    #[cfg(test)]
    #[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    pub(crate) fn in_memory() -> Self {
        let config = crate::file::store_file::RedbConfig { cache_bytes: 0, quick_repair: false };
        let disk = crate::file::disk::Disk::of_backend(redb::backends::InMemoryBackend::new()).unwrap();
        let opened = crate::file::open::load("memory".as_ref(), config.open_disk(disk).unwrap()).unwrap();
        let snapshot = Snapshot::take(&opened.file).unwrap();
        let clock = Arc::new(kv_core::SystemClock);
        Self::new("memory".into(), clock, Catalog::default(), ValueCache::new(0), snapshot)
    }

    /// State as a process sees it that was forked from the one that opened the store.
    #[cfg(test)]
    pub(crate) fn forked(mut self) -> Self {
        self.process = self.process.wrapping_add(1);
        self
    }

    /// Returns the time of day. A panic of the caller's clock becomes an error.
    pub(crate) fn now(&self) -> Result<Timestamp> {
        self.ask_clock(|clock| clock.now())
    }

    /// Calls `ask` with the clock. A panic becomes an error of its own, not one of a damaged file.
    pub(crate) fn ask_clock<T>(&self, ask: impl FnOnce(&dyn Clock) -> T) -> Result<T> {
        let answer = panic::catch_unwind(AssertUnwindSafe(|| ask(&*self.clock)));
        answer.map_err(|_| error::clock_panicked(&self.path))
    }

    /// Reads from the snapshot of the last commit. Its pages are not reused meanwhile.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Snapshot) -> Result<T>) -> Result<T> {
        match &*self.snapshot.load() {
            Some(snapshot) => read(snapshot),
            None => Err(self.closed_error()),
        }
    }

    /// Returns the snapshot of the last commit, for a long read. Its pages are not reused while it is held.
    pub(crate) fn snapshot(&self) -> Result<Arc<Snapshot>> {
        self.snapshot.load_full().ok_or_else(|| self.closed_error())
    }

    /// Fails if the store is closed.
    pub(crate) fn check_open(&self) -> Result<()> {
        if self.snapshot.load().is_some() { Ok(()) } else { Err(self.closed_error()) }
    }

    /// Fails if a write would be refused: the store is closed, a write failed, or the disk is full.
    pub(crate) fn check_writes(&self) -> Result<()> {
        self.check_open()?;
        self.write_refusal().map_or(Ok(()), Err)
    }

    /// Fails in a process that was forked from the one that opened the store.
    pub(crate) fn check_process(&self) -> Result<()> {
        if std::process::id() == self.process { Ok(()) } else { Err(error::forked(&self.path)) }
    }

    /// Returns the error of writes, if the store takes none: for a while, or until it is opened again.
    pub(crate) fn write_refusal(&self) -> Option<Error> {
        self.write_failure().cloned().or_else(|| self.disk_full.load().as_deref().cloned())
    }

    /// Publishes the snapshot of a commit to readers.
    pub(crate) fn publish(&self, snapshot: Snapshot) {
        self.snapshot.store(Some(Arc::new(snapshot)));
    }

    /// Withdraws the snapshot, so that the file can be closed: from now on every read fails with
    /// [`Self::closed_error`].
    pub(crate) fn unpublish(&self) {
        self.snapshot.store(None);
    }

    /// `true` if another snapshot than this one is published by now.
    pub(crate) fn has_replaced(&self, snapshot: &Snapshot) -> bool {
        self.snapshot.load().as_deref().is_some_and(|current| !std::ptr::eq(current, snapshot))
    }

    /// Sets or clears the error of writes while the disk is full.
    pub(crate) fn set_disk_full(&self, refusal: Option<Error>) {
        self.disk_full.store(refusal.map(Arc::new));
    }

    /// Refuses all writes from now on, after one failed.
    pub(crate) fn fail_writes(&self, cause: redb::Error) {
        self.write_failure.get_or_init(|| {
            let store = self.path.display();
            tracing::error!(%store, %cause, "a write failed: the store takes no more writes");
            error::write_failed(&self.path, cause)
        });
    }

    /// Returns the error of writes after one failed.
    pub(crate) fn write_failure(&self) -> Option<&Error> {
        self.write_failure.get()
    }

    /// Returns the caller's error for a failed read.
    pub(crate) fn read_error(&self, failed: ReadError) -> Error {
        match failed {
            ReadError::Redb(redb::Error::DatabaseClosed) if self.check_open().is_ok() => {
                error::reopened(&self.path)
            }
            ReadError::Redb(cause) => error::read_failed(&self.path, cause),
            ReadError::Corrupt(corrupt) => self.corrupt_entry(corrupt),
            ReadError::InvalidInput(invalid) => invalid.into(),
            ReadError::Clock(panicked) => panicked,
        }
    }

    /// Returns the caller's error for a corrupt entry.
    pub(crate) fn corrupt_entry(&self, corrupt: CorruptEntry) -> Error {
        error::corrupt_entry(&self.path, corrupt)
    }

    /// Returns the error of a request to a store that takes no more: a write failed, or it is closed.
    pub(crate) fn closed_error(&self) -> Error {
        self.write_failure.get().cloned().unwrap_or_else(|| error::closed(&self.path))
    }

    /// Marks the store as closed, with the outcome of closing the file; only the first call counts.
    pub(crate) fn set_closed(&self, closed: Result<(), redb::Error>) {
        let closed = match closed {
            // After a failed write the closing fails too, and its error says nothing new.
            Err(cause) if self.write_refusal().is_none() => Err(error::close_failed(&self.path, cause)),
            _ => Ok(()),
        };
        self.unpublish();
        let _ = self.closed.set(closed);
    }

    /// Waits until the store is closed, and returns the outcome of closing the file.
    pub(crate) async fn wait_closed(&self) -> Result<()> {
        self.closed.wait().await.clone()
    }
}
