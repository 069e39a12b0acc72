//! The tables of the file, and their layout's version.

use std::{hash::Hasher, ops::Range};

use kv_core::{PutOptions, Timestamp, Value, Version};
use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};
use twox_hash::XxHash3_64;

use crate::file::{
    chunks,
    error::{EngineResult, guard},
    stored_entry::{Content, Damage, Header, Pieces, Record},
};

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
/// The id of a namespace that was created in a jurisdiction to that one's name. The table is there once it is needed; a
/// version of this crate that knows nothing of it leaves it alone.
pub(crate) const JURISDICTIONS: TableDefinition<'_, &str, &str> = TableDefinition::new("jurisdictions");
/// The numbers of deleted namespaces whose entries are not all reclaimed yet.
pub(crate) const DELETED: TableDefinition<'_, u32, ()> = TableDefinition::new("deleted-namespaces");

/// Entry key to record: all that listing reads, and small values.
pub(crate) const ENTRIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("entries");
/// An entry's version and a count from 0 to a piece of its value.
pub(crate) const PIECES: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("pieces");
/// Deadline and entry key of every entry that expires.
pub(crate) const DEADLINES: TableDefinition<'_, (u64, &[u8]), ()> = TableDefinition::new("deadlines");

/// Holds nothing but zeros, and ends where a file of 64 pages ends.
///
/// redb doubles a full file, takes pages from the shortest run of free ones that will do, and when it closes cuts off what
/// is free at the end. It makes a file of 257 pages, and doubling that leaves a short run at the very end, which is soon
/// taken: the half that the last doubling added then stays, empty as it may be. Doubling 64 leaves one long run, which is
/// taken from the front.
pub(crate) const FILLER: TableDefinition<'_, (), &[u8]> = TableDefinition::new("filler");

type Lazy<'t, K, V> = Option<Table<'t, K, V>>;

/// The tables, open for writing in one transaction. Most writes need that of the entries alone, and each costs something
/// to open, so the others are opened when they are needed.
pub(crate) struct Tables<'t> {
    transaction: &'t WriteTransaction,
    pub(crate) entries: Table<'t, &'static [u8], &'static [u8]>,
    pieces: Lazy<'t, (u64, u32), &'static [u8]>,
    deadlines: Lazy<'t, (u64, &'static [u8]), ()>,
    deleted: Lazy<'t, u32, ()>,
    file: Lazy<'t, &'static str, u64>,
    namespaces: Lazy<'t, &'static str, (u32, &'static str)>,
    jurisdictions: Lazy<'t, &'static str, &'static str>,
}

/// The table, which is opened if it is not open yet.
fn opened<'l, 't, K: redb::Key + 'static, V: redb::Value + 'static>(
    lazy: &'l mut Lazy<'t, K, V>,
    transaction: &'t WriteTransaction,
    definition: TableDefinition<'_, K, V>,
) -> EngineResult<&'l mut Table<'t, K, V>> {
    match lazy {
        Some(table) => Ok(table),
        closed => Ok(closed.insert(transaction.open_table(definition)?)),
    }
}

impl<'t> Tables<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction) -> EngineResult<Self> {
        Ok(Self {
            transaction,
            entries: transaction.open_table(ENTRIES)?,
            pieces: None,
            deadlines: None,
            deleted: None,
            file: None,
            namespaces: None,
            jurisdictions: None,
        })
    }

    pub(crate) fn pieces(&mut self) -> EngineResult<&mut Table<'t, (u64, u32), &'static [u8]>> {
        opened(&mut self.pieces, self.transaction, PIECES)
    }

    pub(crate) fn deadlines(&mut self) -> EngineResult<&mut Table<'t, (u64, &'static [u8]), ()>> {
        opened(&mut self.deadlines, self.transaction, DEADLINES)
    }

    pub(crate) fn deleted(&mut self) -> EngineResult<&mut Table<'t, u32, ()>> {
        opened(&mut self.deleted, self.transaction, DELETED)
    }

    pub(crate) fn file(&mut self) -> EngineResult<&mut Table<'t, &'static str, u64>> {
        opened(&mut self.file, self.transaction, FILE)
    }

    pub(crate) fn namespaces(&mut self) -> EngineResult<&mut Table<'t, &'static str, (u32, &'static str)>> {
        opened(&mut self.namespaces, self.transaction, NAMESPACES)
    }

    pub(crate) fn jurisdictions(&mut self) -> EngineResult<&mut Table<'t, &'static str, &'static str>> {
        opened(&mut self.jurisdictions, self.transaction, JURISDICTIONS)
    }

    /// Closes each table by itself: after damage, closing one may panic, and the panic must not meet another table.
    pub(crate) fn close(self) -> EngineResult<()> {
        let Self { transaction: _, entries, pieces, deadlines, deleted, file, namespaces, jurisdictions } =
            self;
        let closed = [
            close(entries),
            close(pieces),
            close(deadlines),
            close(deleted),
            close(file),
            close(namespaces),
            close(jurisdictions),
        ];
        closed.into_iter().collect()
    }
}

impl Tables<'_> {
    /// The header of the entry that is `key` in the tables, expired or not.
    pub(crate) fn header(&self, key: &[u8]) -> EngineResult<Result<Option<Header>, Damage>> {
        let Some(record) = self.entries.get(key)? else {
            return Ok(Ok(None));
        };
        Ok(Record::decode(key, record.value()).map(|record| Some(record.header())))
    }

    pub(crate) fn insert(
        &mut self,
        key: &[u8],
        version: Version,
        options: &PutOptions,
        now: Timestamp,
        value: &Value,
    ) -> EngineResult<()> {
        let expires_at = options.expires_at(now);
        let metadata = options.metadata.as_ref().map_or(&[][..], |metadata| metadata.as_str().as_bytes());
        let value = if value.len() <= chunks::MAX_WHOLE_BYTES {
            Content::Whole(value)
        } else {
            Content::Pieces(self.insert_pieces(version, value)?)
        };
        let record = Record { version, expires_at, metadata, value }.encode(key);
        self.entries.insert(key, &record[..])?;
        if let Some(deadline) = expires_at {
            self.deadlines()?.insert((deadline.as_secs(), key), ())?;
        }
        Ok(())
    }

    /// Writes the pieces of `value`, and gives what its record has to hold.
    fn insert_pieces<'v>(&mut self, version: Version, value: &'v Value) -> EngineResult<Pieces<'v>> {
        let mut checksum = XxHash3_64::new();
        let mut rest = &value[..];
        let table = self.pieces()?;
        for (number, Range { start, end }) in (0..).zip(chunks::cut(value.len())) {
            let (piece, after) = rest.split_at(end - start);
            checksum.write(piece);
            table.insert((version.as_u64(), number), piece)?;
            rest = after;
        }
        Ok(Pieces { len: value.len() as u64, checksum: checksum.finish(), end: rest })
    }

    /// Removes the entry that is `key` in the tables, and whose header is `header`.
    pub(crate) fn remove(&mut self, key: &[u8], header: &Header) -> EngineResult<()> {
        self.entries.remove(key)?;
        self.remove_apart(key, header)
    }

    /// Removes what an overwriting insert would leave: the deadline and the pieces.
    pub(crate) fn remove_apart(&mut self, key: &[u8], header: &Header) -> EngineResult<()> {
        if let Some(deadline) = header.expires_at {
            self.deadlines()?.remove((deadline.as_secs(), key))?;
        }
        if header.in_pieces {
            let version = header.version.as_u64();
            let pieces = self.pieces()?;
            // Not with `retain_in`, whose destructors may panic over a damaged page while a panic unwinds.
            for number in 0.. {
                if pieces.remove((version, number))?.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }
}

fn close<T>(table: T) -> EngineResult<()> {
    guard(|| {
        drop(table);
        Ok(())
    })
}
