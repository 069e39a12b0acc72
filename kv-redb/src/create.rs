//! Making a new file.

use std::path::Path;

use redb::TableDefinition;

use crate::{
    error::EngineResult,
    file::{Engine, StoreFile},
    tables::{DELETED, FILE, FORMAT, FORMAT_VERSION, NAMESPACES, Tables},
};

/// Holds nothing but zeros, and ends where a file of 64 pages ends.
///
/// redb doubles a full file, takes pages from the shortest run of free ones that will do, and when it closes cuts off what
/// is free at the end. It makes a file of 257 pages, and doubling that leaves a short run at the very end, which is soon
/// taken: the half that the last doubling added then stays, empty as it may be. Doubling 64 leaves one long run, which is
/// taken from the front.
const FILLER: TableDefinition<'_, (), &[u8]> = TableDefinition::new("filler");
/// redb gives it a run of 32 pages, and the first such run that is free in a new file is the second.
const FILLER_BYTES: usize = 24 * 4096;

/// Makes the file at `path`, of a length that doubles well.
pub(crate) fn create(path: &Path, engine: Engine) -> EngineResult<()> {
    let file = engine.open(path)?;
    lay_out(&file)?;
    file.database.close()?;
    // Closing uses the last of the 257 pages; closing again lets go of it, and cuts off all behind the filler.
    let file = engine.open(path)?;
    let transaction = file.begin_write()?;
    transaction.open_table(FILLER)?.insert((), &vec![0; FILLER_BYTES][..])?;
    transaction.commit()?;
    Ok(file.database.close()?)
}

/// Makes every table, so that a snapshot can open them.
pub(crate) fn lay_out(file: &StoreFile) -> EngineResult<()> {
    let transaction = file.begin_write()?;
    transaction.open_table(FILE)?.insert(FORMAT, FORMAT_VERSION)?;
    transaction.open_table(NAMESPACES)?;
    transaction.open_table(DELETED)?;
    let mut tables = Tables::open(&transaction)?;
    tables.pieces()?;
    tables.deadlines()?;
    drop(tables);
    transaction.commit()?;
    Ok(())
}
