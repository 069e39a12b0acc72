//! How to open a store.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use kv_core::{Clock, ErrorKind, Result, SystemClock};
use tokio::{
    sync::oneshot,
    time::{Interval, MissedTickBehavior},
};

#[cfg(feature = "test-backend")]
use crate::file::test_backend::TestBackend;
use crate::{
    file::{
        checksums::Extent,
        error::{error, open_failed},
        open::{Opened, open},
        store_file::Engine,
    },
    read::{catalog::Catalog, snapshot::Snapshot, state::State, value_cache::LargeValues},
    shared::Shared,
    store::RedbStore,
    write::{
        queue::queue,
        recovery::{FIRST_PAUSE, Source},
        writer::{Ending, Writer},
    },
};

/// The part of the cache that keeps large values as they are handed out: one in so many bytes.
const LARGE_VALUES_SHARE: usize = 4;

/// How to open a [`RedbStore`]. Every setting has a default that suits a service.
///
/// ```
/// use std::time::Duration;
/// use kv_core::KvStore;
/// use kv_redb::RedbStore;
///
/// # #[tokio::main]
/// # async fn main() -> kv_core::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("app.kv");
/// let store = RedbStore::builder()
///     .cache_bytes(64 * 1024 * 1024)
///     .sweep_interval(Duration::from_secs(60))
///     .open(&path)
///     .await?;
/// # store.close().await
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder opens nothing until `open` is called"]
pub struct RedbStoreBuilder {
    clock: Arc<dyn Clock>,
    cache_bytes: usize,
    quick_repair: bool,
    sweep_interval: Option<Duration>,
    cold_reads: bool,
    check: bool,
    first_pause: Duration,
    #[cfg(feature = "test-backend")]
    backend: Option<TestBackend>,
}

impl Default for RedbStoreBuilder {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            cache_bytes: 256 * 1024 * 1024,
            quick_repair: false,
            sweep_interval: Some(Duration::from_secs(10)),
            cold_reads: false,
            check: false,
            first_pause: FIRST_PAUSE,
            #[cfg(feature = "test-backend")]
            backend: None,
        }
    }
}

impl RedbStoreBuilder {
    /// Where the store gets the time from: [`SystemClock`] by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How many bytes the store keeps in memory at the most, to read them without the disk: 256 MiB by default. A quarter
    /// is for values over 1 KiB, which are handed out from there without a copy; the rest is for pages of the file.
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Whether each commit also writes down which pages are free: off by default. With it, opening after a crash takes
    /// milliseconds whatever the file's size; without it, that reads the whole file once. Every commit then syncs twice.
    pub fn quick_repair(mut self, quick: bool) -> Self {
        self.quick_repair = quick;
        self
    }

    /// How long the store waits between two looks for expired entries to reclaim: 10 seconds by default. `None`, or no
    /// time at all, leaves that to [`RedbStore::sweep`]. Expired entries are absent either way. Less than a millisecond
    /// is taken for one.
    pub fn sweep_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        let interval = interval.into().filter(|interval| !interval.is_zero());
        self.sweep_interval = interval.map(|interval| interval.max(Duration::from_millis(1)));
        self
    }

    /// Whether every read goes to the runtime's blocking pool. By default a read of up to 64 KiB, or of a page of
    /// keys, is answered on the calling task, which is fastest while the file fits into memory; turn this on where reads
    /// often wait for the disk.
    pub fn cold_reads(mut self, cold: bool) -> Self {
        self.cold_reads = cold;
        self
    }

    /// Check of every page of the file against its checksum when the file is opened: off by default. A file with a
    /// damaged page is then [`Corrupt`](ErrorKind::Corrupt); without the check, the damage is found when something on
    /// that page is read or written. The check reads the whole file, which takes seconds for gigabytes. After a crash
    /// it is done in any case, unless [`quick_repair`](RedbStoreBuilder::quick_repair) was on. The pages that redb
    /// keeps for itself are checked each time.
    ///
    /// ```
    /// # use kv_core::KvStore;
    /// # use kv_redb::RedbStore;
    /// # #[tokio::main]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("app.kv");
    /// let store = RedbStore::builder().check(true).open(&path).await?;
    /// # store.close().await
    /// # }
    /// ```
    pub fn check(mut self, check: bool) -> Self {
        self.check = check;
        self
    }

    /// First pause before a store whose disk is full tries to write again; the later ones follow from it.
    #[cfg(feature = "test-backend")]
    pub fn full_disk_pause(mut self, pause: Duration) -> Self {
        self.first_pause = pause;
        self
    }

    /// Keeps the store in `backend`, and not in the file that is opened, which then is a name for messages alone.
    #[cfg(feature = "test-backend")]
    pub fn storage_backend(mut self, backend: impl redb::StorageBackend) -> Self {
        self.backend = Some(TestBackend::new(backend));
        self
    }

    /// Opens the store in the file at `path`, and makes it if there is none. The folder has to exist.
    ///
    /// Blocks no runtime thread, and needs no runtime. After a crash it checks the whole file, which takes seconds for
    /// gigabytes.
    ///
    /// # Errors
    ///
    /// [`Locked`](ErrorKind::Locked) if the file is open already, here or elsewhere; [`Corrupt`](ErrorKind::Corrupt) if it
    /// is damaged, of an unknown version, or not a store of this crate (it is then left as it was, but for the repair of a
    /// redb file that was not closed cleanly);
    /// [`Other`](ErrorKind::Other) if it cannot be opened or made, or is no regular file. All of them name the path.
    pub async fn open(self, path: impl AsRef<Path>) -> Result<RedbStore> {
        let path = path.as_ref().to_owned();
        let (reply, opened) = oneshot::channel();
        self.start(path.clone(), move |store| {
            // Nobody waits any more: the store closes as it is dropped.
            let _ = reply.send(store);
        })?;
        opened.await.unwrap_or_else(|_| Err(unreadable(&path)))
    }

    /// As [`open`](RedbStoreBuilder::open), blocking the calling thread: for code outside a runtime.
    ///
    /// # Errors
    ///
    /// As [`open`](RedbStoreBuilder::open).
    pub fn open_blocking(self, path: impl AsRef<Path>) -> Result<RedbStore> {
        let path = path.as_ref().to_owned();
        let (reply, opened) = std::sync::mpsc::sync_channel(1);
        self.start(path.clone(), move |store| {
            let _ = reply.send(store);
        })?;
        opened.recv().unwrap_or_else(|_| Err(unreadable(&path)))
    }

    /// Starts the writer's thread, which opens the file, answers, and then writes.
    fn start(self, path: PathBuf, answer: impl FnOnce(Result<RedbStore>) + Send + 'static) -> Result<()> {
        let name = path.clone();
        let thread = move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
                Ok(runtime) => runtime,
                Err(cause) => return answer(Err(open_failed(&path, cause.into()))),
            };
            let writer = runtime.block_on(async {
                let engine = self.engine();
                let Opened { file, namespaces, versions } = self.open_file(&path, engine)?;
                let snapshot = Snapshot::take(&file).map_err(|cause| open_failed(&path, cause))?;
                let large_values = LargeValues::new(self.cache_bytes / LARGE_VALUES_SHARE);
                let state =
                    Arc::new(State::new(path, self.clock, Catalog::new(namespaces), large_values, snapshot));
                let (queue, requests) = queue();
                let shared = Shared { state: Arc::clone(&state), queue, cold_reads: self.cold_reads };
                let ticks = self.sweep_interval.map(ticks);
                let source = Source { engine, disk: file.disk.clone(), first_pause: self.first_pause };
                Ok((shared, Writer::new(file, source, state, requests, versions, ticks)))
            });
            match writer {
                Err(error) => answer(Err(error)),
                Ok((shared, writer)) => {
                    // Dropped after the writer and its file, also by a panic.
                    let _ending = Ending(Arc::clone(&shared.state));
                    answer(Ok(RedbStore::new(shared)));
                    runtime.block_on(writer.run());
                }
            }
        };
        let started = std::thread::Builder::new().name("kv-redb".to_owned()).spawn(thread);
        started.map(drop).map_err(|cause| open_failed(&name, cause.into()))
    }

    fn engine(&self) -> Engine {
        let cache_bytes = self.cache_bytes - self.cache_bytes / LARGE_VALUES_SHARE;
        Engine { cache_bytes, quick_repair: self.quick_repair }
    }

    fn open_file(&self, path: &Path, engine: Engine) -> Result<Opened> {
        #[cfg(feature = "test-backend")]
        if let Some(backend) = &self.backend {
            return crate::file::test_backend::open(path, engine, backend.clone());
        }
        open(path, engine, if self.check { Extent::All } else { Extent::Bookkeeping })
    }
}

fn ticks(interval: Duration) -> Interval {
    let mut ticks = tokio::time::interval(interval);
    // After a stall one sweep is as good as many.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// redb gave up on the file in a way that it does not report.
fn unreadable(path: &Path) -> kv_core::Error {
    let message =
        format!("the store {} is damaged so that it cannot be read: restore a backup of it", path.display());
    error(ErrorKind::Corrupt, message)
}
