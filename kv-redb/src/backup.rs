//! Copying a store while it is in use.

use std::{fs::Permissions, path::Path};

use redb::{ReadableTable, TableDefinition, TableHandle, WriteTransaction};

use crate::{
    file::{
        error::guard,
        partial::Partial,
        store_file::{Engine, StoreFile},
        tables::{DEADLINES, DELETED, ENTRIES, FILE, JURISDICTIONS, NAMESPACES, PIECES},
    },
    read::snapshot::Snapshot,
};

/// What a copy keeps of itself in memory.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

pub(crate) enum Failure {
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

pub(crate) fn copy(
    snapshot: &Snapshot,
    permissions: Option<Permissions>,
    path: &Path,
) -> Result<(), Failure> {
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
