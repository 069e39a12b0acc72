//! Tables of the file, their layout's version, and the changes that touch several tables.

use std::{hash::Hasher, ops::Range};

use kv_core::{PutOptions, Timestamp, Value, Version};
use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};
use twox_hash::XxHash3_64;

use crate::file::{
    chunks,
    error::{RedbResult, catch_redb_panic},
    stored_entry::{ChunkedValue, Content, CorruptEntry, EntryHeader, StoredEntry},
};

/// Version of the layout that this crate reads and writes. A change that an older crate would misread raises
/// it.
pub(crate) const FORMAT_VERSION: u64 = 1;

/// Numbers of the whole file, by name. A file without this table is not a store of this crate.
pub(crate) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("kv-redb");
/// Key in [`META`]: the layout's version.
pub(crate) const FORMAT: &str = "format";
/// Key in [`META`]: the next namespace's number.
pub(crate) const NEXT_NAMESPACE: &str = "next-namespace";
/// Key in [`META`]: a version above every version that an entry has had.
pub(crate) const VERSION_CEILING: &str = "version-ceiling";

/// Namespaces: id to number and title.
pub(crate) const NAMESPACES: TableDefinition<'_, &str, (u32, &str)> = TableDefinition::new("namespaces");
/// Jurisdictions of the namespaces that were created in one: namespace's id to jurisdiction's name. The table
/// is created when it is first needed; an older version of this crate leaves it alone.
pub(crate) const JURISDICTIONS: TableDefinition<'_, &str, &str> = TableDefinition::new("jurisdictions");
/// Numbers of deleted namespaces whose entries are not all reclaimed yet.
pub(crate) const DELETED_NAMESPACES: TableDefinition<'_, u32, ()> =
    TableDefinition::new("deleted-namespaces");

/// Entries: [entry key](crate::file::entry_key) to [stored entry](crate::file::stored_entry), with small
/// values inline.
pub(crate) const ENTRIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("entries");
/// [Chunks](crate::file::chunks) of large values: the entry's version and a count from 0 to the bytes.
pub(crate) const CHUNKS: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("pieces");
/// Index of expiries: `expires_at` in seconds and entry key of every entry that expires.
pub(crate) const EXPIRIES: TableDefinition<'_, (u64, &[u8]), ()> = TableDefinition::new("deadlines");

/// Zeros that end where a file of 64 pages ends, to give a new file a length that doubles well.
///
/// redb doubles a full file, allocates from the shortest run of free pages that fits, and cuts off free pages
/// at the end when it closes the file. A file that redb creates has 257 pages. Doubling that leaves a short
/// run at the very end, which is soon allocated, so the half that the last doubling added cannot be cut off
/// even if it is nearly empty. Doubling 64 pages leaves one long run, which is allocated from the front.
pub(crate) const FILLER: TableDefinition<'_, (), &[u8]> = TableDefinition::new("filler");

type Lazy<'t, K, V> = Option<Table<'t, K, V>>;

/// Tables, open for writing in one transaction. Opening a table takes time and most writes need only that of
/// the entries, so the others are opened on first use.
pub(crate) struct Tables<'t> {
    transaction: &'t WriteTransaction,
    pub(crate) entries: Table<'t, &'static [u8], &'static [u8]>,
    chunks: Lazy<'t, (u64, u32), &'static [u8]>,
    expiries: Lazy<'t, (u64, &'static [u8]), ()>,
    deleted_namespaces: Lazy<'t, u32, ()>,
    meta: Lazy<'t, &'static str, u64>,
    namespaces: Lazy<'t, &'static str, (u32, &'static str)>,
    jurisdictions: Lazy<'t, &'static str, &'static str>,
}

/// Returns the table; opens it on first use.
fn opened<'l, 't, K: redb::Key + 'static, V: redb::Value + 'static>(
    lazy: &'l mut Lazy<'t, K, V>,
    transaction: &'t WriteTransaction,
    definition: TableDefinition<'_, K, V>,
) -> RedbResult<&'l mut Table<'t, K, V>> {
    match lazy {
        Some(table) => Ok(table),
        closed => Ok(closed.insert(transaction.open_table(definition)?)),
    }
}

impl<'t> Tables<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction) -> RedbResult<Self> {
        Ok(Self {
            transaction,
            entries: transaction.open_table(ENTRIES)?,
            chunks: None,
            expiries: None,
            deleted_namespaces: None,
            meta: None,
            namespaces: None,
            jurisdictions: None,
        })
    }

    pub(crate) fn chunks(&mut self) -> RedbResult<&mut Table<'t, (u64, u32), &'static [u8]>> {
        opened(&mut self.chunks, self.transaction, CHUNKS)
    }

    pub(crate) fn expiries(&mut self) -> RedbResult<&mut Table<'t, (u64, &'static [u8]), ()>> {
        opened(&mut self.expiries, self.transaction, EXPIRIES)
    }

    pub(crate) fn deleted_namespaces(&mut self) -> RedbResult<&mut Table<'t, u32, ()>> {
        opened(&mut self.deleted_namespaces, self.transaction, DELETED_NAMESPACES)
    }

    pub(crate) fn meta(&mut self) -> RedbResult<&mut Table<'t, &'static str, u64>> {
        opened(&mut self.meta, self.transaction, META)
    }

    pub(crate) fn namespaces(&mut self) -> RedbResult<&mut Table<'t, &'static str, (u32, &'static str)>> {
        opened(&mut self.namespaces, self.transaction, NAMESPACES)
    }

    pub(crate) fn jurisdictions(&mut self) -> RedbResult<&mut Table<'t, &'static str, &'static str>> {
        opened(&mut self.jurisdictions, self.transaction, JURISDICTIONS)
    }

    /// Closes each table by itself: over damaged pages a destructor may panic, and no other one may run while
    /// it unwinds.
    pub(crate) fn close(self) -> RedbResult<()> {
        let Self {
            transaction: _,
            entries,
            chunks,
            expiries,
            deleted_namespaces,
            meta,
            namespaces,
            jurisdictions,
        } = self;
        let closed = [
            close(entries),
            close(chunks),
            close(expiries),
            close(deleted_namespaces),
            close(meta),
            close(namespaces),
            close(jurisdictions),
        ];
        closed.into_iter().collect()
    }
}

impl Tables<'_> {
    /// Returns the header of the entry under `key`, expired or not.
    pub(crate) fn header(&self, key: &[u8]) -> RedbResult<Result<Option<EntryHeader>, CorruptEntry>> {
        let Some(bytes) = self.entries.get(key)? else {
            return Ok(Ok(None));
        };
        Ok(StoredEntry::decode(key, bytes.value()).map(|entry| Some(entry.header())))
    }

    /// Inserts the entry with its chunks and its expiry. The chunks and the expiry of an older entry have to
    /// be removed first.
    pub(crate) fn insert(
        &mut self,
        key: &[u8],
        version: Version,
        options: &PutOptions,
        now: Timestamp,
        value: &Value,
    ) -> RedbResult<()> {
        let expires_at = options.expires_at(now);
        let metadata = options.metadata.as_ref().map_or(&[][..], |metadata| metadata.as_str().as_bytes());
        let value = if value.len() <= chunks::MAX_INLINE_BYTES {
            Content::Inline(value)
        } else {
            Content::Chunked(self.insert_chunks(version, value)?)
        };
        let entry = StoredEntry { version, expires_at, metadata, value }.encode(key);
        self.entries.insert(key, &entry[..])?;
        if let Some(expiry) = expires_at {
            self.expiries()?.insert((expiry.as_secs(), key), ())?;
        }
        Ok(())
    }

    /// Inserts the chunks of `value`, and returns what its entry holds of it.
    fn insert_chunks<'v>(&mut self, version: Version, value: &'v Value) -> RedbResult<ChunkedValue<'v>> {
        let mut checksum = XxHash3_64::new();
        let mut rest = &value[..];
        let table = self.chunks()?;
        for (number, Range { start, end }) in (0..).zip(chunks::chunk_ranges(value.len())) {
            let (chunk, after) = rest.split_at(end - start);
            checksum.write(chunk);
            table.insert((version.as_u64(), number), chunk)?;
            rest = after;
        }
        Ok(ChunkedValue { len: value.len() as u64, checksum: checksum.finish(), end: rest })
    }

    /// Removes the entry under `key`, whose header is `header`, with its chunks and its expiry.
    pub(crate) fn remove(&mut self, key: &[u8], header: &EntryHeader) -> RedbResult<()> {
        self.entries.remove(key)?;
        self.remove_chunks_and_expiry(key, header)
    }

    /// Removes the chunks and the expiry of the entry under `key`, which an insert over it would leave.
    pub(crate) fn remove_chunks_and_expiry(&mut self, key: &[u8], header: &EntryHeader) -> RedbResult<()> {
        if let Some(expiry) = header.expires_at {
            self.expiries()?.remove((expiry.as_secs(), key))?;
        }
        if header.is_chunked {
            let version = header.version.as_u64();
            let chunks = self.chunks()?;
            // `retain_in` is not used: its destructors may panic over a damaged page while a panic unwinds.
            for number in 0.. {
                if chunks.remove((version, number))?.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }
}

fn close<T>(table: T) -> RedbResult<()> {
    catch_redb_panic(|| {
        drop(table);
        Ok(())
    })
}
