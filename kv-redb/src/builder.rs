//! Builder: the settings of a store, and opening it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use kv_core::{Clock, Result, SystemClock};
use tokio::sync::oneshot;

#[cfg(feature = "test-backend")]
use crate::file::test_backend::TestBackend;
use crate::{
    file::{
        checksums::Extent,
        error::{open_failed, unreadable},
        open::{Opened, open},
        store_file::RedbConfig,
    },
    open_store::OpenStore,
    read::{catalog::Catalog, snapshot::Snapshot, state::StoreState, value_cache::ValueCache},
    store::RedbStore,
    write::{
        queue::queue,
        recovery::{FIRST_PAUSE, FileSource},
        sweep::SweepTimer,
        writer::{CloseOnDrop, Writer},
    },
};

/// Share of the cache that holds large values: one byte in so many.
const VALUE_CACHE_SHARE: usize = 4;

/// Settings to open a [`RedbStore`] with. Every setting has a default that suits a service.
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
    /// Clock that the store reads: [`SystemClock`] by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Size of the caches, in bytes: 256 MiB by default. A quarter is for values over 1 KiB, which are
    /// returned from there without a copy; the rest is for pages of the file.
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Quick repair: off by default. With it, each commit also writes the list of free pages, and syncs
    /// twice; opening after a crash then takes milliseconds, whatever the file's size. Without it, opening
    /// after a crash reads the whole file.
    pub fn quick_repair(mut self, quick: bool) -> Self {
        self.quick_repair = quick;
        self
    }

    /// Interval between sweeps, which reclaim expired entries: 10 seconds by default, at least 1 ms (less is
    /// rounded up). `None` or zero turns them off and leaves reclaiming to [`RedbStore::sweep`]. Expired
    /// entries are absent either way.
    pub fn sweep_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        let interval = interval.into().filter(|interval| !interval.is_zero());
        self.sweep_interval = interval.map(|interval| interval.max(Duration::from_millis(1)));
        self
    }

    /// Reads on the runtime's blocking pool: off by default. By default a value of up to 64 KiB, or a page of
    /// keys, is read on the calling task, which is fastest while the file fits into memory. Turn this on if
    /// reads often wait for the disk.
    pub fn cold_reads(mut self, cold: bool) -> Self {
        self.cold_reads = cold;
        self
    }

    /// Check of every page against its checksum at the opening: off by default. With it, a file with a
    /// damaged page is [`Corrupt`](kv_core::ErrorKind::Corrupt) at once; without it, the damage is found when
    /// something on that page is read or written. The check reads the whole file, which takes seconds for
    /// gigabytes. After a crash the whole file is checked in any case, unless
    /// [`quick_repair`](RedbStoreBuilder::quick_repair) was on. The pages of redb's own tables are always
    /// checked.
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

    /// First pause before a store whose disk is full tries to write again: 100 ms by default. Later pauses
    /// double.
    #[cfg(feature = "test-backend")]
    pub fn full_disk_pause(mut self, pause: Duration) -> Self {
        self.first_pause = pause;
        self
    }

    /// Storage of the store, instead of a file. The path that is opened is then a name in messages only.
    #[cfg(feature = "test-backend")]
    pub fn storage_backend(mut self, backend: impl redb::StorageBackend) -> Self {
        self.backend = Some(TestBackend::new(backend));
        self
    }

    /// Opens the store in the file at `path`, or creates it if there is no file. The folder has to exist.
    ///
    /// Does not block the calling thread, and needs no runtime. After a crash it checks the whole file, which
    /// takes seconds for gigabytes, unless [`quick_repair`](RedbStoreBuilder::quick_repair) was on.
    ///
    /// # Errors
    ///
    /// [`Locked`](kv_core::ErrorKind::Locked) if the file is open already, here or elsewhere.
    /// [`Corrupt`](kv_core::ErrorKind::Corrupt) if it is damaged, has an unknown layout version, or is not a
    /// store of this crate; the file is left as it was, except that redb repairs one of its files that was
    /// not closed cleanly. [`Other`](kv_core::ErrorKind::Other) if it cannot be opened or created, or is not
    /// a regular file. Every message names the path.
    pub async fn open(self, path: impl AsRef<Path>) -> Result<RedbStore> {
        let path = path.as_ref().to_owned();
        let (sender, opened) = oneshot::channel();
        self.start(path.clone(), move |store| {
            // If the future was dropped, the store is dropped here, and so closes.
            let _ = sender.send(store);
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
        let (sender, opened) = std::sync::mpsc::sync_channel(1);
        self.start(path.clone(), move |store| {
            let _ = sender.send(store);
        })?;
        opened.recv().unwrap_or_else(|_| Err(unreadable(&path)))
    }

    /// Starts the writer's thread. It opens the file, passes the store to `reply`, and then serves requests.
    fn start(self, path: PathBuf, reply: impl FnOnce(Result<RedbStore>) + Send + 'static) -> Result<()> {
        let name = path.clone();
        let thread = move || match self.open_on_thread(path) {
            Err(error) => reply(Err(error)),
            Ok((store, writer)) => {
                // Dropped after the writer and its file, also if the writer panics.
                let _close_on_drop = CloseOnDrop(Arc::clone(&store.state));
                reply(Ok(RedbStore::new(store)));
                writer.run();
            }
        };
        let started = std::thread::Builder::new().name("kv-redb".to_owned()).spawn(thread);
        started.map(drop).map_err(|cause| open_failed(&name, cause.into()))
    }

    /// Opens the file, and makes the store and its writer.
    fn open_on_thread(self, path: PathBuf) -> Result<(OpenStore, Writer)> {
        let config = self.config();
        let Opened { file, namespaces, versions } = self.open_file(&path, config)?;
        let snapshot = Snapshot::take(&file).map_err(|cause| open_failed(&path, cause))?;
        let value_cache = ValueCache::new(self.cache_bytes / VALUE_CACHE_SHARE);
        let catalog = Catalog::new(namespaces);
        let state = Arc::new(StoreState::new(path, self.clock, catalog, value_cache, snapshot));
        let (queue, requests) = queue();
        let store = OpenStore { state: Arc::clone(&state), queue, cold_reads: self.cold_reads };
        let source = FileSource { config, disk: file.disk.clone(), first_pause: self.first_pause };
        let sweeps = self.sweep_interval.map(SweepTimer::start);
        Ok((store, Writer::new(file, source, state, requests, versions, sweeps)))
    }

    fn config(&self) -> RedbConfig {
        let cache_bytes = self.cache_bytes - self.cache_bytes / VALUE_CACHE_SHARE;
        RedbConfig { cache_bytes, quick_repair: self.quick_repair }
    }

    fn open_file(&self, path: &Path, config: RedbConfig) -> Result<Opened> {
        #[cfg(feature = "test-backend")]
        if let Some(backend) = &self.backend {
            return crate::file::test_backend::open(path, config, backend.clone());
        }
        open(path, config, if self.check { Extent::All } else { Extent::Bookkeeping })
    }
}
