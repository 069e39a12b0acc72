//! Reading what a commit left.

use std::{fmt, hash::Hasher, ops::Bound};

use kv_core::{Bytes, Entry, InvalidInput, KeyRange, ListOptions, Result, Value, Version};
use redb::{ReadOnlyTable, ReadTransaction, ReadableDatabase};
use twox_hash::XxHash3_64;

use crate::{
    entry_key,
    error::{EngineResult, guard, read_failed},
    file::StoreFile,
    pieces,
    record::{Content, Damage, Pieces, Record},
    state::State,
    tables::{ENTRIES, PIECES},
};

/// A value up to this length is read on the calling task; copying a longer one takes long enough to hold up others.
const MAX_DIRECT_BYTES: usize = 64 * 1024;

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
    /// Nothing of the file: the clock panicked.
    Clock(kv_core::Error),
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
            Self::Damage(damage) => state.damaged(damage),
            Self::Refused(refused) => refused.into(),
            Self::Clock(panicked) => panicked,
        }
    }
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
    pub(crate) fn find(&self, key: &[u8], wanted: Wanted, state: &State) -> Result<Found, Failure> {
        guard(|| self.look_up(key, wanted, state))
    }

    fn look_up(&self, key: &[u8], wanted: Wanted, state: &State) -> Result<Found, Failure> {
        let Some(record) = self.entries.get(key)? else {
            return Ok(Found::Absent);
        };
        let record = Record::decode(key, record.value()).map_err(Failure::Damage)?;
        if record.is_expired(|| state.now()).map_err(Failure::Clock)? {
            return Ok(Found::Absent);
        }
        let bytes = match record.value {
            Content::Whole(bytes) => Bytes::copy_from_slice(bytes),
            Content::Pieces(pieces) => {
                let joined = state.large_values.get(record.version);
                let len = usize::try_from(pieces.len).unwrap_or(usize::MAX);
                if joined.is_none() && len > MAX_DIRECT_BYTES && !wanted.long {
                    return Ok(Found::Long);
                }
                if let Some(joined) = joined {
                    joined
                } else {
                    let joined = self.join(record.version, len, &pieces)?;
                    state.large_values.keep(record.version, joined.clone());
                    joined
                }
            }
        };
        let value = Value::new(bytes)
            .map_err(|_| Failure::Damage(Damage("a value is longer than a value may be")))?;
        let mut entry = Entry::new(value).with_expires_at(record.expires_at);
        if wanted.metadata {
            entry = entry.with_metadata(record.metadata().map_err(Failure::Damage)?);
        }
        Ok(Found::Entry(entry, record.version))
    }

    /// The value of `len` bytes whose pieces are kept under `version`.
    fn join(&self, version: Version, len: usize, record: &Pieces<'_>) -> Result<Bytes, Failure> {
        let damage = || Failure::Damage(Damage("a value's pieces do not make up the value"));
        let mut bytes = Vec::new();
        // A damaged length may be any number.
        bytes.try_reserve_exact(len).map_err(|_| damage())?;
        let mut checksum = XxHash3_64::new();
        for (number, _) in (0..).zip(pieces::cut(len)) {
            let piece = self.pieces.get((version.as_u64(), number))?.ok_or_else(damage)?;
            for part in piece.value().chunks(STRIDE) {
                checksum.write(part);
                bytes.extend_from_slice(part);
            }
        }
        bytes.extend_from_slice(record.end);
        let whole = checksum.finish() == record.checksum && bytes.len() == len;
        if whole { Ok(bytes.into()) } else { Err(damage()) }
    }

    /// The rows of the namespace `number` that `options` ask for.
    pub(crate) fn rows(&self, number: u32, options: &ListOptions) -> Result<Option<Rows>, Failure> {
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

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}
