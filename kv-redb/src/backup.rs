//! Copying a store while it is in use.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use kv_core::{Error, ErrorKind, Result};
use redb::{Database, ReadableTable, TableDefinition, WriteTransaction, backends::FileBackend};

use crate::{
    RedbStore, blocking,
    error::{error, guard},
    open::sync_folder,
    snapshot::Snapshot,
    tables::{DEADLINES, DELETED, ENTRIES, FILE, NAMESPACES, PIECES},
};

/// What a copy keeps of itself in memory.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

impl RedbStore {
    /// Writes a copy of the whole store, as it is at one moment, to a new file at `path`, while the store is read and
    /// written. The copy is a store like another, without the gaps that removals left.
    ///
    /// It is written under the name with `.partial` behind it, and has its own name once it is whole and synced. It takes
    /// about as long as reading the file, on the blocking pool. Until then the store cannot use again what is removed
    /// from it, so its file may grow. A future that is dropped does not end the copying.
    ///
    /// ```
    /// # use kv_core::{KvStore, prelude::*};
    /// # use kv_redb::RedbStore;
    /// # #[tokio::main]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let (path, backup) = (folder.path().join("app.kv"), folder.path().join("monday.kv"));
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
    /// [`Other`](ErrorKind::Other) if there is a file at `path`, or if the copy cannot be written: what is there of it is
    /// removed. [`Corrupt`](ErrorKind::Corrupt) or [`Unavailable`](ErrorKind::Unavailable) if the store cannot be read,
    /// [`Closed`](ErrorKind::Closed) if it is or gets closed.
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<()> {
        let (state, path) = (self.state(), path.as_ref().to_owned());
        let copying = blocking::run(move || {
            let snapshot = state.snapshot()?;
            copy(&snapshot, &path).map_err(|failure| match failure {
                Failure::Source(cause) => crate::error::read_failed(&state.path, cause),
                Failure::Target(cause) => failed(&path, cause),
            })
        });
        copying.await.map_err(|error| error.with_operation("backup"))
    }
}

enum Failure {
    Source(redb::Error),
    Target(redb::Error),
}

/// redb panics over damaged pages, which are in what is read.
impl From<redb::Error> for Failure {
    fn from(cause: redb::Error) -> Self {
        Self::Source(cause)
    }
}

fn source<T>(read: Result<T, impl Into<redb::Error>>) -> Result<T, Failure> {
    read.map_err(|cause| Failure::Source(cause.into()))
}

fn target<T>(written: Result<T, impl Into<redb::Error>>) -> Result<T, Failure> {
    written.map_err(|cause| Failure::Target(cause.into()))
}

fn failed(path: &Path, cause: redb::Error) -> Error {
    let message = format!(
        "no copy of the store could be written to {}: there has to be room, and no file yet, also none with .partial behind \
         its name",
        path.display()
    );
    error(ErrorKind::Other, message).with_source(cause)
}

fn copy(snapshot: &Snapshot, path: &Path) -> Result<(), Failure> {
    if target(path.try_exists())? {
        return target(Err(io::Error::from(io::ErrorKind::AlreadyExists)));
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let file = target(File::options().read(true).write(true).create_new(true).open(&partial))?;
    let copied = guard(|| fill(snapshot, file)).and_then(|()| {
        target(fs::rename(&partial, path))?;
        target(sync_folder(path))
    });
    if copied.is_err() {
        // It has its own name already if only the last step failed.
        let _ = fs::remove_file(&partial);
    }
    copied
}

/// Writes all of the snapshot to the file, and closes it.
fn fill(snapshot: &Snapshot, file: File) -> Result<(), Failure> {
    let backend = target(FileBackend::new(file))?;
    let database = target(Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(backend))?;
    let transaction = target(database.begin_write())?;
    copy_table(snapshot, &transaction, FILE)?;
    copy_table(snapshot, &transaction, NAMESPACES)?;
    copy_table(snapshot, &transaction, DELETED)?;
    copy_table(snapshot, &transaction, ENTRIES)?;
    copy_table(snapshot, &transaction, PIECES)?;
    copy_table(snapshot, &transaction, DEADLINES)?;
    target(transaction.commit())?;
    target(database.close())
}

fn copy_table<K: redb::Key + 'static, V: redb::Value + 'static>(
    snapshot: &Snapshot,
    transaction: &WriteTransaction,
    definition: TableDefinition<'_, K, V>,
) -> Result<(), Failure> {
    let rows = source(snapshot.transaction.open_table(definition))?;
    let mut copy = target(transaction.open_table(definition))?;
    for row in source(rows.iter())? {
        let (key, value) = source(row)?;
        target(copy.insert(key.value(), value.value()))?;
    }
    Ok(())
}
