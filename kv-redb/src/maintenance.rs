//! Maintenance of a store: sweep, backup, check and salvage.

use std::{path::Path, sync::Arc};

use kv_core::Result;

use crate::{
    backup, blocking,
    file::error::{copy_failed, read_failed},
    repair::{
        check,
        report::{CheckReport, Progress, SalvageReport},
        salvage,
    },
    store::RedbStore,
    write::{
        request::{Request, Write},
        sweep,
    },
};

impl RedbStore {
    /// Reclaims up to `limit` entries that have expired or whose namespace was deleted, and returns how many.
    /// Fewer than `limit` means that none are left. Works in steps of up to 1,000 entries, between which
    /// writes are served. The store sweeps by itself every
    /// [`sweep_interval`](crate::RedbStoreBuilder::sweep_interval).
    ///
    /// The file does not become shorter, but later writes use the space.
    ///
    /// ```
    /// # use kv_core::{KvStore, prelude::*};
    /// # use kv_redb::RedbStore;
    /// # #[tokio::main]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("app.kv");
    /// let store = RedbStore::builder().sweep_interval(None).open(&path).await?;
    /// // At a quiet time:
    /// let reclaimed = store.sweep(10_000).await?;
    /// assert_eq!(reclaimed, 0, "nothing had expired");
    /// # store.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of a write: [`Closed`](kv_core::ErrorKind::Closed) if the store is closed or a write failed,
    /// [`Unavailable`](kv_core::ErrorKind::Unavailable) while the disk is full,
    /// [`Corrupt`](kv_core::ErrorKind::Corrupt) if the sweep meets damage.
    pub async fn sweep(&self, limit: usize) -> Result<usize> {
        let mut swept = 0;
        while swept < limit {
            let step = (limit - swept).min(sweep::MAX_STEP);
            let reclaimed = self.0.ask(|reply| Request::Write(Write::Sweep(step, reply))).await;
            let reclaimed = reclaimed.map_err(|error| error.with_operation("sweep"))?;
            swept += reclaimed;
            if reclaimed < step {
                break;
            }
        }
        Ok(swept)
    }

    /// Copies the whole store, as it is at one moment, to a new file at `path`, while the store is read and
    /// written. The copy is a store of its own, without the gaps that removals left, and has the permissions
    /// of its source.
    ///
    /// The copy has `.partial` behind its name until it is complete and synced. A partial file that a killed
    /// backup left is overwritten; one that another backup is writing is not. Copying takes about as long as
    /// reading the file, on the blocking pool. Meanwhile the store cannot reuse the space of removed entries,
    /// so its file may grow. Dropping the future does not stop the copying.
    ///
    /// ```
    /// # use kv_core::{KvStore, prelude::*};
    /// # use kv_redb::RedbStore;
    /// # #[tokio::main]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("app.kv");
    /// # let backup = folder.path().join("monday.kv");
    /// let store = RedbStore::open(&path).await?;
    /// store.open_namespace("sessions").await?.put("17", "ada").await?;
    /// store.backup(&backup).await?;
    ///
    /// let copy = RedbStore::open(&backup).await?;
    /// assert_eq!(copy.open_namespace("sessions").await?.get_text("17").await?.as_deref(), Some("ada"));
    /// # copy.close().await?;
    /// # store.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Other`](kv_core::ErrorKind::Other) if there is a file at `path` already, or the copy cannot be
    /// written; an incomplete copy is removed. [`Corrupt`](kv_core::ErrorKind::Corrupt) or
    /// [`Unavailable`](kv_core::ErrorKind::Unavailable) if the store cannot be read.
    /// [`Closed`](kv_core::ErrorKind::Closed) if the store is closed, before or meanwhile.
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<()> {
        let state = Arc::clone(&self.0.state);
        let path = path.as_ref().to_owned();
        let permissions = std::fs::metadata(&state.path).ok().map(|source| source.permissions());
        let copying = blocking::run(move || {
            let snapshot = state.snapshot()?;
            backup::copy(&snapshot, permissions, &path).map_err(|failed| match failed {
                backup::CopyError::Source(cause) => read_failed(&state.path, cause),
                backup::CopyError::Target(cause) => copy_failed(&path, cause),
            })
        });
        copying.await.map_err(|error| error.with_operation("backup"))
    }

    /// Checks every page and every entry of the closed store at `path`, and reports what is damaged. The file
    /// is not changed, and may be one that cannot be opened any more. `progress` is called every 1,000
    /// entries, on another thread.
    ///
    /// Reads the whole file, on the blocking pool, and takes about 50 bytes of memory per 256 KiB of large
    /// values.
    ///
    /// ```
    /// # use kv_core::{KvStore, prelude::*};
    /// # use kv_redb::RedbStore;
    /// # #[tokio::main]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("app.kv");
    /// # let store = RedbStore::open(&path).await?;
    /// # store.open_namespace("sessions").await?.put("17", "ada").await?;
    /// # store.close().await?;
    /// let report = RedbStore::check(&path, |_| ()).await?;
    /// assert!(report.is_whole());
    /// assert_eq!(report.whole_entries, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Locked`](kv_core::ErrorKind::Locked) if the file is open, here or elsewhere;
    /// [`Corrupt`](kv_core::ErrorKind::Corrupt) if it is not a store of this crate, of an unknown version, or
    /// damaged in its header; [`Other`](kv_core::ErrorKind::Other) if it cannot be read.
    pub async fn check(
        path: impl AsRef<Path>,
        progress: impl FnMut(Progress) + Send + 'static,
    ) -> Result<CheckReport> {
        let path = path.as_ref().to_owned();
        blocking::run(move || Self::check_blocking(path, progress)).await
    }

    /// As [`check`](RedbStore::check), blocking the calling thread: for code outside a runtime.
    ///
    /// # Errors
    ///
    /// As [`check`](RedbStore::check).
    pub fn check_blocking(path: impl AsRef<Path>, mut progress: impl FnMut(Progress)) -> Result<CheckReport> {
        let checked = check::check(path.as_ref(), &mut progress);
        checked.map_err(|error| error.with_operation("check"))
    }

    /// Copies every whole entry of the closed store at `path` to a new store at `copy`, with its metadata,
    /// expiry and version, and reports what was not copied. The source is not changed, and may be one that
    /// cannot be opened any more. `progress` is called every 1,000 entries, on another thread.
    ///
    /// The copy has the permissions of its source. As with a [`backup`](RedbStore::backup), it has `.partial`
    /// behind its name until it is complete and synced.
    ///
    /// ```
    /// # use kv_core::{KvStore, prelude::*};
    /// # use kv_redb::RedbStore;
    /// # #[tokio::main]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("app.kv");
    /// # let copy = folder.path().join("copy.kv");
    /// # let store = RedbStore::open(&path).await?;
    /// # store.open_namespace("sessions").await?.put("17", "ada").await?;
    /// # store.close().await?;
    /// let report = RedbStore::salvage(&path, &copy, |_| ()).await?;
    /// for damaged in &report.found.damaged {
    ///     eprintln!("an entry of namespace {:?} is lost: {}", damaged.namespace, damaged.what);
    /// }
    /// let store = RedbStore::open(&copy).await?;
    /// # assert!(store.open_namespace("sessions").await?.get("17").await?.is_some());
    /// # store.close().await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`check`](RedbStore::check), and [`Other`](kv_core::ErrorKind::Other) if there is a file at `copy`
    /// already, or the copy cannot be written; an incomplete copy is removed.
    pub async fn salvage(
        path: impl AsRef<Path>,
        copy: impl AsRef<Path>,
        progress: impl FnMut(Progress) + Send + 'static,
    ) -> Result<SalvageReport> {
        let path = path.as_ref().to_owned();
        let copy = copy.as_ref().to_owned();
        blocking::run(move || Self::salvage_blocking(path, copy, progress)).await
    }

    /// As [`salvage`](RedbStore::salvage), blocking the calling thread: for code outside a runtime.
    ///
    /// # Errors
    ///
    /// As [`salvage`](RedbStore::salvage).
    pub fn salvage_blocking(
        path: impl AsRef<Path>,
        copy: impl AsRef<Path>,
        mut progress: impl FnMut(Progress),
    ) -> Result<SalvageReport> {
        let salvaged = salvage::salvage(path.as_ref(), copy.as_ref(), &mut progress);
        salvaged.map_err(|error| error.with_operation("salvage"))
    }
}
