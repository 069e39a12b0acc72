//! Reading what a commit left.

use std::{fmt, ops::Bound};

use kv_core::{
    Bytes, Cursor, Entry, InvalidInput, KeyInfo, KeyRange, ListOptions, ListPage, Result, Timestamp, Value,
    Version,
};
use redb::{ReadOnlyTable, ReadableDatabase};

use crate::{
    entry_key,
    error::{EngineResult, damaged, guard, read_failed},
    file::StoreFile,
    record::{Damage, Header, Pieces, decode_metadata},
    state::State,
    tables::{ENTRIES, PIECES, VALUES},
};

/// A value up to this length is read on the calling task; copying a longer one takes long enough to hold up others.
const MAX_DIRECT_BYTES: usize = 64 * 1024;

/// How many entries a page of a listing looks at. Past that it is answered as it is: many expired entries side by side
/// must not make one call long.
const MAX_EXAMINED: usize = 10_000;

/// The tables as a commit left them, open for reading.
pub(crate) struct Snapshot {
    entries: ReadOnlyTable<&'static [u8], &'static [u8]>,
    values: ReadOnlyTable<&'static [u8], &'static [u8]>,
    pieces: ReadOnlyTable<(u64, u32), &'static [u8]>,
}

/// What a look for an entry finds.
pub(crate) enum Found {
    /// Nothing: it is absent or has expired.
    Absent,
    /// The entry.
    Entry(Entry, Version),
    /// An entry whose value is too long to be read on the calling task.
    Long,
}

impl Found {
    pub(crate) fn into_entry(self) -> Option<(Entry, Version)> {
        match self {
            Self::Entry(entry, version) => Some((entry, version)),
            Self::Absent | Self::Long => None,
        }
    }
}

/// What a look for an entry wants.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) metadata: bool,
    /// Whether to read a value that is long.
    pub(crate) long: bool,
}

/// Why a read failed.
pub(crate) enum Failure {
    Engine(redb::Error),
    Damage(Damage),
    Refused(InvalidInput),
}

impl From<InvalidInput> for Failure {
    fn from(refused: InvalidInput) -> Self {
        Self::Refused(refused)
    }
}

impl From<redb::StorageError> for Failure {
    fn from(error: redb::StorageError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<redb::Error> for Failure {
    fn from(error: redb::Error) -> Self {
        Self::Engine(error)
    }
}

impl Failure {
    pub(crate) fn into_error(self, state: &State) -> kv_core::Error {
        match self {
            Self::Engine(cause) => read_failed(&state.path, cause),
            Self::Damage(damage) => damaged(&state.path, damage),
            Self::Refused(refused) => refused.into(),
        }
    }
}

impl Snapshot {
    /// The tables as the last commit left them.
    pub(crate) fn take(file: &StoreFile) -> EngineResult<Self> {
        let transaction = file.database.begin_read()?;
        Ok(Self {
            entries: transaction.open_table(ENTRIES)?,
            values: transaction.open_table(VALUES)?,
            pieces: transaction.open_table(PIECES)?,
        })
    }

    /// Looks for the entry that is `key` in the tables.
    pub(crate) fn find(&self, key: &[u8], now: Timestamp, wanted: Wanted) -> Result<Found, Failure> {
        guard(|| self.look_up(key, now, wanted))
    }

    fn look_up(&self, key: &[u8], now: Timestamp, wanted: Wanted) -> Result<Found, Failure> {
        let Some(record) = self.values.get(key)? else {
            return Ok(Found::Absent);
        };
        let (header, content) = Header::decode(key, record.value()).map_err(Failure::Damage)?;
        if header.is_expired(now) {
            return Ok(Found::Absent);
        }
        let bytes = if header.in_pieces {
            let pieces = Pieces::decode(content).map_err(Failure::Damage)?;
            let len = usize::try_from(pieces.len).unwrap_or(usize::MAX);
            if len > MAX_DIRECT_BYTES && !wanted.long {
                return Ok(Found::Long);
            }
            self.join(header.version, len, &pieces)?
        } else {
            Bytes::copy_from_slice(content)
        };
        let value = Value::new(bytes)
            .map_err(|_| Failure::Damage(Damage("a value is longer than a value may be")))?;
        let mut entry = Entry::new(value).with_expires_at(header.expires_at);
        if wanted.metadata {
            entry = entry.with_metadata(self.metadata(key)?);
        }
        Ok(Found::Entry(entry, header.version))
    }

    /// The value of `len` bytes whose pieces are kept under `version`.
    fn join(&self, version: Version, len: usize, record: &Pieces<'_>) -> Result<Bytes, Failure> {
        let damage = || Failure::Damage(Damage("a value's pieces do not make up the value"));
        let mut bytes = Vec::new();
        // A damaged length may be any number.
        bytes.try_reserve_exact(len).map_err(|_| damage())?;
        let version = version.as_u64();
        for piece in self.pieces.range((version, 0)..=(version, u32::MAX))? {
            bytes.extend_from_slice(piece?.1.value());
        }
        let whole = crc32fast::hash(&bytes) == record.checksum;
        bytes.extend_from_slice(record.end);
        if whole && bytes.len() == len { Ok(bytes.into()) } else { Err(damage()) }
    }

    fn metadata(&self, key: &[u8]) -> Result<Option<kv_core::Metadata>, Failure> {
        let damage = || Failure::Damage(Damage("a value has no entry"));
        let record = self.entries.get(key)?.ok_or_else(damage)?;
        let (_, content) = Header::decode(key, record.value()).map_err(Failure::Damage)?;
        decode_metadata(content).map_err(Failure::Damage)
    }

    /// One page of the keys of the namespace `number`.
    pub(crate) fn list(
        &self,
        number: u32,
        options: &ListOptions,
        now: Timestamp,
    ) -> Result<ListPage, Failure> {
        guard(|| self.look_through(number, options, now))
    }

    fn look_through(&self, number: u32, options: &ListOptions, now: Timestamp) -> Result<ListPage, Failure> {
        let prefix = options.prefix();
        let Some(KeyRange { start, end }) = options.key_range()? else { return Ok(ListPage::default()) };
        let start = start.map(|start| entry_key::encode(number, start));
        let end = match end {
            Some(end) => entry_key::encode(number, &end),
            None => entry_key::encode(number.saturating_add(1), ""),
        };
        let range = (start.as_ref().map(|start| &start[..]), Bound::Excluded(&end[..]));

        let mut keys: Vec<KeyInfo> = Vec::new();
        for (index, pair) in self.entries.range::<&[u8]>(range)?.enumerate() {
            let (key, record) = pair?;
            let (header, content) = Header::decode(key.value(), record.value()).map_err(Failure::Damage)?;
            let live = !header.is_expired(now);
            if live && let Some(last) = keys.last().filter(|_| keys.len() == options.limit()) {
                let next = Cursor::after(prefix, &last.name);
                return Ok(ListPage::new(keys, Some(next)));
            }
            let name = || entry_key::decode(key.value()).map_err(Failure::Damage);
            if live {
                let metadata = decode_metadata(content).map_err(Failure::Damage)?;
                keys.push(KeyInfo::new(name()?).with_metadata(metadata).with_expires_at(header.expires_at));
            }
            if index + 1 >= MAX_EXAMINED {
                let next = Cursor::after(prefix, &name()?);
                return Ok(ListPage::new(keys, Some(next)));
            }
        }
        Ok(ListPage::new(keys, None))
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}
