//! Making a new file.

use std::path::Path;

use crate::file::{
    error::EngineResult,
    store_file::{Engine, StoreFile},
    tables::{FILLER, FORMAT, FORMAT_VERSION},
    transaction::{Change, WriteError, transact},
};

/// Length of the filler: redb gives it a run of 32 pages, and the first such run that is free in a new file is the
/// second.
const FILLER_BYTES: usize = 24 * 4096;

/// Makes the file at `path`, of a length that doubles well.
pub(crate) fn create(path: &Path, engine: Engine) -> EngineResult<()> {
    let file = engine.open(path)?;
    lay_out(&file).map_err(WriteError::into_cause)?;
    file.close()?;
    // Closing uses the last of the 257 pages; closing again lets go of it, and cuts off all behind the filler.
    let file = engine.open(path)?;
    let transaction = file.begin_write()?;
    transaction.open_table(FILLER)?.insert((), &vec![0; FILLER_BYTES][..])?;
    transaction.commit()?;
    file.close()
}

/// Makes every table, so that a snapshot can open them.
pub(crate) fn lay_out(file: &StoreFile) -> Result<(), WriteError> {
    transact(file, |tables| {
        tables.file()?.insert(FORMAT, FORMAT_VERSION)?;
        tables.namespaces()?;
        tables.deleted()?;
        tables.pieces()?;
        tables.deadlines()?;
        Ok(((), Change::Some))
    })
}
