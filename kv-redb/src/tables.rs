//! The tables of the file, and their layout's version.

use redb::{Table, TableDefinition, WriteTransaction};

use crate::error::EngineResult;

/// The layout that this version of the crate reads and writes. A change that an older version would misread raises it.
pub(crate) const FORMAT_VERSION: u64 = 1;

/// Numbers of the whole file; that it is there makes the file ours.
pub(crate) const FILE: TableDefinition<'_, &str, u64> = TableDefinition::new("kv-redb");
/// Key in [`FILE`]: the layout's version.
pub(crate) const FORMAT: &str = "format";
/// Key in [`FILE`]: the next namespace's number.
pub(crate) const NEXT_NAMESPACE: &str = "next-namespace";
/// Key in [`FILE`]: no version at or above this one has been given to an entry.
pub(crate) const VERSION_CEILING: &str = "version-ceiling";

/// A namespace's id to its number and title.
pub(crate) const NAMESPACES: TableDefinition<'_, &str, (u32, &str)> = TableDefinition::new("namespaces");
/// The numbers of deleted namespaces whose entries are not all reclaimed yet.
pub(crate) const DELETED: TableDefinition<'_, u32, ()> = TableDefinition::new("deleted-namespaces");

/// Entry key to record: all that listing reads, and small values.
pub(crate) const ENTRIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("entries");
/// An entry's version and a count from 0 to a piece of its value.
pub(crate) const PIECES: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("pieces");
/// Deadline and entry key of every entry that expires.
pub(crate) const DEADLINES: TableDefinition<'_, (u64, &[u8]), ()> = TableDefinition::new("deadlines");

/// The tables that hold entries, open for writing. They change together. Most writes need the first alone, and each costs
/// something to open, so the others are opened when they are needed.
pub(crate) struct Tables<'t> {
    transaction: &'t WriteTransaction,
    pub(crate) entries: Table<'t, &'static [u8], &'static [u8]>,
    pieces: Option<Table<'t, (u64, u32), &'static [u8]>>,
    deadlines: Option<Table<'t, (u64, &'static [u8]), ()>>,
}

impl<'t> Tables<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction) -> EngineResult<Self> {
        Ok(Self { transaction, entries: transaction.open_table(ENTRIES)?, pieces: None, deadlines: None })
    }

    pub(crate) fn pieces(&mut self) -> EngineResult<&mut Table<'t, (u64, u32), &'static [u8]>> {
        match &mut self.pieces {
            Some(pieces) => Ok(pieces),
            closed => Ok(closed.insert(self.transaction.open_table(PIECES)?)),
        }
    }

    pub(crate) fn deadlines(&mut self) -> EngineResult<&mut Table<'t, (u64, &'static [u8]), ()>> {
        match &mut self.deadlines {
            Some(deadlines) => Ok(deadlines),
            closed => Ok(closed.insert(self.transaction.open_table(DEADLINES)?)),
        }
    }
}
