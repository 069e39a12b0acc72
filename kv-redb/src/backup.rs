//! Copy of a snapshot to a new file.

use std::{fs::Permissions, path::Path};

use redb::{ReadableTable, TableDefinition, TableHandle, WriteTransaction};

use crate::{
    file::{
        error::catch_redb_panic,
        partial::PartialFile,
        store_file::{RedbConfig, StoreFile},
        tables::{CHUNKS, DELETED_NAMESPACES, ENTRIES, EXPIRIES, JURISDICTIONS, META, NAMESPACES},
    },
    read::snapshot::Snapshot,
};

/// Length of the page cache of the copy, in bytes.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// Error of a copy.
pub(crate) enum CopyError {
    /// The store cannot be read.
    Source(redb::Error),
    /// The copy cannot be written.
    Target(redb::Error),
}

/// A panic of redb is an error of the source: damaged pages are met where the store is read.
impl From<redb::Error> for CopyError {
    fn from(cause: redb::Error) -> Self {
        Self::Source(cause)
    }
}

fn source<T>(read: Result<T, impl Into<redb::Error>>) -> Result<T, CopyError> {
    read.map_err(|cause| CopyError::Source(cause.into()))
}

fn target<T>(written: Result<T, impl Into<redb::Error>>) -> Result<T, CopyError> {
    written.map_err(|cause| CopyError::Target(cause.into()))
}

/// Copies the snapshot to a new file at `path`.
pub(crate) fn copy(
    snapshot: &Snapshot,
    permissions: Option<Permissions>,
    path: &Path,
) -> Result<(), CopyError> {
    let config = RedbConfig { cache_bytes: CACHE_BYTES, quick_repair: false };
    let (partial, file) = target(PartialFile::begin(path, permissions, config))?;
    catch_redb_panic(|| fill(snapshot, file))?;
    target(partial.finish())
}

/// Writes all tables of the snapshot to the file, and closes it.
fn fill(snapshot: &Snapshot, file: StoreFile) -> Result<(), CopyError> {
    let transaction = target(file.begin_write())?;
    copy_table(snapshot, &transaction, META)?;
    copy_table(snapshot, &transaction, NAMESPACES)?;
    if source(snapshot.transaction.list_tables())?.any(|table| table.name() == JURISDICTIONS.name()) {
        copy_table(snapshot, &transaction, JURISDICTIONS)?;
    }
    copy_table(snapshot, &transaction, DELETED_NAMESPACES)?;
    copy_table(snapshot, &transaction, ENTRIES)?;
    copy_table(snapshot, &transaction, CHUNKS)?;
    copy_table(snapshot, &transaction, EXPIRIES)?;
    target(transaction.commit())?;
    target(file.database.close())
}

fn copy_table<K: redb::Key + 'static, V: redb::Value + 'static>(
    snapshot: &Snapshot,
    transaction: &WriteTransaction,
    definition: TableDefinition<'_, K, V>,
) -> Result<(), CopyError> {
    let rows = source(snapshot.transaction.open_table(definition))?;
    let mut copy = target(transaction.open_table(definition))?;
    for row in source(rows.iter())? {
        let (key, value) = source(row)?;
        target(copy.insert(key.value(), value.value()))?;
    }
    Ok(())
}
