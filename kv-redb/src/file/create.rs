//! Creation of a new file.

use std::path::Path;

use crate::file::{
    error::RedbResult,
    store_file::{RedbConfig, StoreFile},
    tables::{FILLER, FORMAT, FORMAT_VERSION},
    transaction::{Change, WriteError, transact},
};

/// Length of the filler. redb stores it in a run of 32 pages, and the first free one of a new file is the
/// second, so that the filler ends where 64 pages end. See [`FILLER`].
const FILLER_BYTES: usize = 24 * 4096;

/// Creates the file at `path`, with a length that doubles well.
pub(crate) fn create(path: &Path, config: RedbConfig) -> RedbResult<()> {
    let file = config.open(path)?;
    create_tables(&file).map_err(WriteError::into_cause)?;
    file.close()?;
    // The first closing uses the last of the 257 pages; the second frees it and cuts off everything behind
    // the filler.
    let file = config.open(path)?;
    let transaction = file.begin_write()?;
    transaction.open_table(FILLER)?.insert((), &vec![0; FILLER_BYTES][..])?;
    transaction.commit()?;
    file.close()
}

/// Creates the tables that a snapshot opens, and stores the layout's version.
pub(crate) fn create_tables(file: &StoreFile) -> Result<(), WriteError> {
    transact(file, |tables| {
        tables.meta()?.insert(FORMAT, FORMAT_VERSION)?;
        tables.namespaces()?;
        tables.deleted_namespaces()?;
        tables.chunks()?;
        tables.expiries()?;
        Ok(((), Change::Some))
    })
}
