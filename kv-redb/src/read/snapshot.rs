//! Snapshot of the tables after a commit, and look-ups in it.

use std::{fmt, hash::Hasher, ops::Bound};

use kv_core::{
    Bytes, Entry, KeyRange, ListOptions, Metadata, Result, Timestamp, Value, Version, limits::MAX_VALUE_BYTES,
};
use redb::{ReadOnlyTable, ReadTransaction, ReadableDatabase};
use twox_hash::XxHash3_64;

use crate::{
    file::{
        chunks, entry_key,
        error::{RedbResult, catch_redb_panic},
        store_file::StoreFile,
        stored_entry::{ChunkedValue, Content, CorruptEntry, StoredEntry},
        tables::{CHUNKS, ENTRIES},
    },
    read::{assemblies::Assembled, read_error::ReadError, value_cache::ValueCache},
};

/// Longest value that is assembled on the calling task; copying a longer one takes long enough to delay other
/// tasks.
const MAX_DIRECT_BYTES: u64 = 64 * 1024;

/// Length of the parts in which a chunk is hashed and then copied: short enough to stay in the processor's
/// first cache.
const STRIDE: usize = 4096;

/// Rows of the table of entries, in order of their keys.
pub(crate) type Rows = redb::Range<'static, &'static [u8], &'static [u8]>;

/// Tables as a commit left them, open for reading.
pub(crate) struct Snapshot {
    pub(crate) transaction: ReadTransaction,
    entries: ReadOnlyTable<&'static [u8], &'static [u8]>,
    chunks: ReadOnlyTable<(u64, u32), &'static [u8]>,
}

/// Result of looking up an entry.
pub(crate) enum Lookup {
    /// The entry is absent or has expired.
    Absent,
    Found(Entry, Version),
    /// The value is too long to be assembled on the calling task.
    TooLong(LongEntry),
}

/// Entry whose value is still to be assembled.
#[derive(Clone)]
pub(crate) struct LongEntry {
    pub(crate) version: Version,
    expires_at: Option<Timestamp>,
    metadata: Option<Metadata>,
}

impl LongEntry {
    /// Completes the entry with its value.
    pub(crate) fn with_value(self, bytes: Bytes) -> Result<Lookup, ReadError> {
        let entry = entry(bytes)?.with_expires_at(self.expires_at).with_metadata(self.metadata);
        Ok(Lookup::Found(entry, self.version))
    }
}

impl Lookup {
    /// Returns the entry, if it was found.
    pub(crate) fn into_entry(self) -> Option<(Entry, Version)> {
        match self {
            Self::Found(entry, version) => Some((entry, version)),
            Self::Absent | Self::TooLong(_) => None,
        }
    }
}

impl Snapshot {
    /// Takes a snapshot of the tables as the last commit left them.
    pub(crate) fn take(file: &StoreFile) -> RedbResult<Self> {
        catch_redb_panic(|| {
            let transaction = file.database.begin_read()?;
            let entries = transaction.open_table(ENTRIES)?;
            let chunks = transaction.open_table(CHUNKS)?;
            Ok(Self { transaction, entries, chunks })
        })
    }

    /// Looks up the entry under `key`, an [entry key](entry_key), with its metadata if `metadata` is set.
    pub(crate) fn find(
        &self,
        key: &[u8],
        metadata: bool,
        now: impl FnOnce() -> Result<Timestamp>,
        cache: &ValueCache,
    ) -> Result<Lookup, ReadError> {
        catch_redb_panic(|| self.find_unguarded(key, metadata, now, cache))
    }

    fn find_unguarded(
        &self,
        key: &[u8],
        metadata: bool,
        now: impl FnOnce() -> Result<Timestamp>,
        cache: &ValueCache,
    ) -> Result<Lookup, ReadError> {
        let Some(row) = self.entries.get(key)? else {
            return Ok(Lookup::Absent);
        };
        let stored = StoredEntry::decode(key, row.value()).map_err(ReadError::Corrupt)?;
        if stored.is_expired(now).map_err(ReadError::Clock)? {
            return Ok(Lookup::Absent);
        }
        let metadata = if metadata { stored.metadata().map_err(ReadError::Corrupt)? } else { None };
        let bytes = match stored.value {
            Content::Inline(bytes) => Bytes::copy_from_slice(bytes),
            Content::Chunked(value) => match cache.get(stored.version) {
                Some(bytes) => bytes,
                None if value.len <= MAX_DIRECT_BYTES => self.assemble(stored.version, &value, cache)?,
                None => {
                    let StoredEntry { version, expires_at, .. } = stored;
                    return Ok(Lookup::TooLong(LongEntry { version, expires_at, metadata }));
                }
            },
        };
        let entry = entry(bytes)?.with_expires_at(stored.expires_at).with_metadata(metadata);
        Ok(Lookup::Found(entry, stored.version))
    }

    /// Assembles the value of the entry under `key`, if the entry still has this version.
    pub(crate) fn assemble_version(
        &self,
        key: &[u8],
        version: Version,
        cache: &ValueCache,
    ) -> Result<Assembled, ReadError> {
        catch_redb_panic(|| {
            let Some(row) = self.entries.get(key)? else { return Ok(Assembled::Changed) };
            let stored = StoredEntry::decode(key, row.value()).map_err(ReadError::Corrupt)?;
            match stored.value {
                Content::Chunked(value) if stored.version == version => {
                    let bytes = match cache.get(version) {
                        Some(bytes) => bytes,
                        None => self.assemble(version, &value, cache)?,
                    };
                    Ok(Assembled::Value(bytes))
                }
                _ => Ok(Assembled::Changed),
            }
        })
    }

    /// Assembles the value whose chunks are stored under `version`, and caches it.
    fn assemble(
        &self,
        version: Version,
        value: &ChunkedValue<'_>,
        cache: &ValueCache,
    ) -> Result<Bytes, ReadError> {
        let corrupt = || ReadError::Corrupt(CorruptEntry("a value does not match its checksum"));
        let len =
            usize::try_from(value.len).ok().filter(|len| *len <= MAX_VALUE_BYTES).ok_or_else(corrupt)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len).map_err(|_| corrupt())?;
        let mut checksum = XxHash3_64::new();
        for (number, _) in (0..).zip(chunks::chunk_ranges(len)) {
            let chunk = self.chunks.get((version.as_u64(), number))?.ok_or_else(corrupt)?;
            for part in chunk.value().chunks(STRIDE) {
                checksum.write(part);
                bytes.extend_from_slice(part);
            }
        }
        bytes.extend_from_slice(value.end);
        if checksum.finish() != value.checksum || bytes.len() != len {
            return Err(corrupt());
        }
        let bytes = Bytes::from(bytes);
        cache.insert(version, bytes.clone());
        Ok(bytes)
    }

    /// Returns the rows of the namespace `number` that `options` select; `None` if they select no key at all.
    pub(crate) fn rows(&self, number: u32, options: &ListOptions) -> Result<Option<Rows>, ReadError> {
        let Some(KeyRange { start, end }) = options.key_range()? else { return Ok(None) };
        let start = start.map(|start| entry_key::encode(number, start));
        let end = match end {
            Some(end) => entry_key::encode(number, &end),
            None => entry_key::encode(number.saturating_add(1), ""),
        };
        let range = (start.as_ref().map(|start| &start[..]), Bound::Excluded(&end[..]));
        Ok(Some(catch_redb_panic(|| Ok::<_, redb::Error>(self.entries.range::<&[u8]>(range)?))?))
    }
}

/// Makes an entry with a value alone.
fn entry(bytes: Bytes) -> Result<Entry, ReadError> {
    let value = Value::new(bytes).map_err(|_| ReadError::Corrupt(CorruptEntry("a value is too long")))?;
    Ok(Entry::new(value))
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}
