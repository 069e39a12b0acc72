//! Copying a store while it is in use.

use std::{fs::Permissions, path::Path};

use kv_core::{Error, ErrorKind, Result};
use redb::{ReadableTable, TableDefinition, TableHandle, WriteTransaction};

use crate::{
    blocking,
    file::{
        error::{error, guard},
        partial::Partial,
        store_file::{Engine, StoreFile},
        tables::{DEADLINES, DELETED, ENTRIES, FILE, JURISDICTIONS, NAMESPACES, PIECES},
    },
    read::snapshot::Snapshot,
    store::RedbStore,
};

/// What a copy keeps of itself in memory.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

impl RedbStore {
    /// Writes a copy of the whole store, as it is at one moment, to a new file at `path`, while the store is read and
    /// written. The copy is a store like another, without the gaps that removals left, and has the permissions of its source.
    ///
    /// It is written under the name with `.partial` behind it, and has its own name once it is whole and synced. A file of
    /// that name that a killed backup left is written over; one that another backup is writing is not. It takes
    /// about as long as reading the file, on the blocking pool. Until then the store cannot use again what is removed
    /// from it, so its file may grow. A future that is dropped does not end the copying.
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
    /// [`Other`](ErrorKind::Other) if there is a file at `path`, or if the copy cannot be written: what is there of it is
    /// removed. [`Corrupt`](ErrorKind::Corrupt) or [`Unavailable`](ErrorKind::Unavailable) if the store cannot be read,
    /// [`Closed`](ErrorKind::Closed) if it is or gets closed.
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<()> {
        let state = self.state();
        let path = path.as_ref().to_owned();
        let permissions = std::fs::metadata(&state.path).ok().map(|source| source.permissions());
        let copying = blocking::run(move || {
            let snapshot = state.snapshot()?;
            copy(&snapshot, permissions, &path).map_err(|failure| match failure {
                Failure::Source(cause) => crate::file::error::read_failed(&state.path, cause),
                Failure::Target(cause) => copy_failed(&path, cause),
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

/// No copy could be written.
pub(crate) fn copy_failed(path: &Path, cause: redb::Error) -> Error {
    let path = path.display();
    let message = match cause {
        redb::Error::DatabaseAlreadyOpen => {
            format!("another copy is being written to {path}: wait for it, or choose another path")
        }
        _ => format!(
            "no copy of the store could be written to {path}: there has to be room, and no file yet, also none of \
             somebody else with .partial behind its name"
        ),
    };
    error(ErrorKind::Other, message).with_source(cause)
}

fn copy(snapshot: &Snapshot, permissions: Option<Permissions>, path: &Path) -> Result<(), Failure> {
    let engine = Engine { cache_bytes: CACHE_BYTES, quick_repair: false };
    let (partial, file) = target(Partial::begin(path, permissions, engine))?;
    guard(|| fill(snapshot, file))?;
    target(partial.finish())
}

/// Writes all of the snapshot to the file, and closes it.
fn fill(snapshot: &Snapshot, file: StoreFile) -> Result<(), Failure> {
    let transaction = target(file.begin_write())?;
    copy_table(snapshot, &transaction, FILE)?;
    copy_table(snapshot, &transaction, NAMESPACES)?;
    if source(snapshot.transaction.list_tables())?.any(|table| table.name() == JURISDICTIONS.name()) {
        copy_table(snapshot, &transaction, JURISDICTIONS)?;
    }
    copy_table(snapshot, &transaction, DELETED)?;
    copy_table(snapshot, &transaction, ENTRIES)?;
    copy_table(snapshot, &transaction, PIECES)?;
    copy_table(snapshot, &transaction, DEADLINES)?;
    target(transaction.commit())?;
    target(file.database.close())
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
