//! Reading what a commit left.

use std::{fmt, hash::Hasher, ops::Bound};

use kv_core::{
    Bytes, Entry, KeyRange, ListOptions, Metadata, Result, Timestamp, Value, Version, limits::MAX_VALUE_BYTES,
};
use redb::{ReadOnlyTable, ReadTransaction, ReadableDatabase};
use twox_hash::XxHash3_64;

use crate::{
    file::{
        chunks, entry_key,
        error::{EngineResult, guard},
        store_file::StoreFile,
        stored_entry::{Content, Damage, Pieces, Record},
        tables::{ENTRIES, PIECES},
    },
    read::{joins::Joined, read_error::ReadError, value_cache::LargeValues},
};

/// A value up to this length is read on the calling task; copying a longer one takes long enough to hold up others.
const MAX_DIRECT_BYTES: u64 = 64 * 1024;

/// How much of a piece is summed up before it is copied: what is in the fastest cache then is not fetched twice.
const STRIDE: usize = 4096;

/// Entries as they are in the tables, in order.
pub(crate) type Rows = redb::Range<'static, &'static [u8], &'static [u8]>;

/// The tables as a commit left them, open for reading.
pub(crate) struct Snapshot {
    pub(crate) transaction: ReadTransaction,
    entries: ReadOnlyTable<&'static [u8], &'static [u8]>,
    pieces: ReadOnlyTable<(u64, u32), &'static [u8]>,
}

/// What a look for an entry finds.
pub(crate) enum Found {
    /// Nothing: it is absent or has expired.
    Absent,
    /// The entry.
    Entry(Entry, Version),
    /// An entry whose value is too long to be put together on the calling task.
    Long(Long),
}

/// An entry whose value is still to be put together.
#[derive(Clone)]
pub(crate) struct Long {
    pub(crate) version: Version,
    expires_at: Option<Timestamp>,
    metadata: Option<Metadata>,
}

impl Long {
    /// The entry, once its value is there.
    pub(crate) fn with_value(self, bytes: Bytes) -> Result<Found, ReadError> {
        let entry = entry(bytes)?.with_expires_at(self.expires_at).with_metadata(self.metadata);
        Ok(Found::Entry(entry, self.version))
    }
}

impl Found {
    pub(crate) fn into_entry(self) -> Option<(Entry, Version)> {
        match self {
            Self::Entry(entry, version) => Some((entry, version)),
            Self::Absent | Self::Long(_) => None,
        }
    }
}

/// What a look for an entry wants.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) metadata: bool,
    /// `true` to put a value together here, unless it is long.
    pub(crate) direct: bool,
}

impl Snapshot {
    /// The tables as the last commit left them.
    pub(crate) fn take(file: &StoreFile) -> EngineResult<Self> {
        guard(|| {
            let transaction = file.database.begin_read()?;
            let entries = transaction.open_table(ENTRIES)?;
            let pieces = transaction.open_table(PIECES)?;
            Ok(Self { transaction, entries, pieces })
        })
    }

    /// Looks for the entry that is `key` in the tables.
    pub(crate) fn find(
        &self,
        key: &[u8],
        wanted: Wanted,
        now: impl FnOnce() -> Result<Timestamp>,
        cache: &LargeValues,
    ) -> Result<Found, ReadError> {
        guard(|| self.look_up(key, wanted, now, cache))
    }

    fn look_up(
        &self,
        key: &[u8],
        wanted: Wanted,
        now: impl FnOnce() -> Result<Timestamp>,
        cache: &LargeValues,
    ) -> Result<Found, ReadError> {
        let Some(record) = self.entries.get(key)? else {
            return Ok(Found::Absent);
        };
        let record = Record::decode(key, record.value()).map_err(ReadError::Damage)?;
        if record.is_expired(now).map_err(ReadError::Clock)? {
            return Ok(Found::Absent);
        }
        let metadata = if wanted.metadata { record.metadata().map_err(ReadError::Damage)? } else { None };
        let bytes = match record.value {
            Content::Whole(bytes) => Bytes::copy_from_slice(bytes),
            Content::Pieces(pieces) => match cache.get(record.version) {
                Some(joined) => joined,
                None if wanted.direct && pieces.len <= MAX_DIRECT_BYTES => {
                    self.join(record.version, &pieces, cache)?
                }
                None => {
                    let Record { version, expires_at, .. } = record;
                    return Ok(Found::Long(Long { version, expires_at, metadata }));
                }
            },
        };
        let entry = entry(bytes)?.with_expires_at(record.expires_at).with_metadata(metadata);
        Ok(Found::Entry(entry, record.version))
    }

    /// Puts together the value that `version` of the entry has, if the entry still is that one.
    pub(crate) fn join_version(
        &self,
        key: &[u8],
        version: Version,
        cache: &LargeValues,
    ) -> Result<Joined, ReadError> {
        guard(|| {
            let Some(record) = self.entries.get(key)? else { return Ok(Joined::Gone) };
            let record = Record::decode(key, record.value()).map_err(ReadError::Damage)?;
            match record.value {
                Content::Pieces(pieces) if record.version == version => {
                    let joined = match cache.get(version) {
                        Some(joined) => joined,
                        None => self.join(version, &pieces, cache)?,
                    };
                    Ok(Joined::Value(joined))
                }
                _ => Ok(Joined::Gone),
            }
        })
    }

    /// The value whose pieces are kept under `version`, which then is kept in memory too.
    fn join(&self, version: Version, record: &Pieces<'_>, cache: &LargeValues) -> Result<Bytes, ReadError> {
        let damage = || ReadError::Damage(Damage("a value's pieces do not make up the value"));
        let len =
            usize::try_from(record.len).ok().filter(|len| *len <= MAX_VALUE_BYTES).ok_or_else(damage)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len).map_err(|_| damage())?;
        let mut checksum = XxHash3_64::new();
        for (number, _) in (0..).zip(chunks::cut(len)) {
            let piece = self.pieces.get((version.as_u64(), number))?.ok_or_else(damage)?;
            for part in piece.value().chunks(STRIDE) {
                checksum.write(part);
                bytes.extend_from_slice(part);
            }
        }
        bytes.extend_from_slice(record.end);
        if checksum.finish() != record.checksum || bytes.len() != len {
            return Err(damage());
        }
        let joined = Bytes::from(bytes);
        cache.keep(version, joined.clone());
        Ok(joined)
    }

    /// The rows of the namespace `number` that `options` ask for.
    pub(crate) fn rows(&self, number: u32, options: &ListOptions) -> Result<Option<Rows>, ReadError> {
        let Some(KeyRange { start, end }) = options.key_range()? else { return Ok(None) };
        let start = start.map(|start| entry_key::encode(number, start));
        let end = match end {
            Some(end) => entry_key::encode(number, &end),
            None => entry_key::encode(number.saturating_add(1), ""),
        };
        let range = (start.as_ref().map(|start| &start[..]), Bound::Excluded(&end[..]));
        Ok(Some(guard(|| Ok::<_, redb::Error>(self.entries.range::<&[u8]>(range)?))?))
    }
}

/// An entry with the value alone.
fn entry(bytes: Bytes) -> Result<Entry, ReadError> {
    let value = Value::new(bytes);
    let value = value.map_err(|_| ReadError::Damage(Damage("a value is longer than a value may be")))?;
    Ok(Entry::new(value))
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}
