//! One change of one entry, within a transaction.

use std::{hash::Hasher, ops::Range};

use kv_core::{Conditional, Expected, PutOptions, Timestamp, Value, Version};
use redb::ReadableTable;
use twox_hash::XxHash3_64;

use crate::file::{
    chunks,
    entry_key::EntryKey,
    error::EngineResult,
    stored_entry::{Content, Damage, Header, Pieces, Record},
    tables::Tables,
    versions::Versions,
};

/// One change of one entry: a write or a removal, if what is there is what is expected.
pub(crate) struct Mutation {
    /// The entry's key in the tables.
    pub(crate) key: EntryKey,
    /// `None` changes whatever is there.
    pub(crate) expected: Option<Expected>,
    pub(crate) action: Action,
}

pub(crate) enum Action {
    Write(Value, PutOptions),
    Remove,
}

/// How a mutation ended in the transaction.
pub(crate) type Outcome = Result<Conditional, Damage>;

impl Mutation {
    /// About how many bytes it takes up while it waits.
    pub(crate) fn bytes(&self) -> usize {
        let action = match &self.action {
            Action::Write(value, options) => {
                value.len() + options.metadata.as_ref().map_or(0, |metadata| metadata.as_str().len())
            }
            Action::Remove => 0,
        };
        self.key.len() + action
    }

    /// Changes the tables at `now`, under a new version. A conflict changes nothing. Nor does a damaged record, if something
    /// is expected of it; what expects nothing replaces it.
    pub(crate) fn apply(
        &self,
        tables: &mut Tables<'_>,
        now: Timestamp,
        versions: &mut Versions,
    ) -> EngineResult<Outcome> {
        let old = match tables.header(&self.key)? {
            Ok(old) => old,
            Err(damage) if self.expected.is_some() => return Ok(Err(damage)),
            Err(_) => return Ok(Ok(Conditional::Applied(self.replace_damaged(tables, now, versions)?))),
        };
        let live = old.filter(|header| !header.is_expired(now)).map(|header| header.version);
        if self.expected.is_some_and(|expected| !expected.holds(live)) {
            return Ok(Ok(Conditional::Conflict));
        }
        if let (Action::Remove, None) = (&self.action, old) {
            // Nothing is there and nothing changes: no reason for a commit.
            return Ok(Ok(Conditional::Conflict));
        }
        let version = versions.take();
        match &self.action {
            Action::Write(value, options) => {
                if let Some(old) = old {
                    tables.remove_apart(&self.key, &old)?;
                }
                tables.insert(&self.key, version, options, now, value)?;
            }
            Action::Remove => {
                if let Some(old) = old {
                    tables.remove(&self.key, &old)?;
                }
            }
        }
        Ok(Ok(Conditional::Applied(version)))
    }

    /// Writes over a record that cannot be read. Its deadline, if it has one, is left to the sweep, which drops rows that no
    /// entry answers to. Its pieces, if it has some, are lost space until the store is copied.
    fn replace_damaged(
        &self,
        tables: &mut Tables<'_>,
        now: Timestamp,
        versions: &mut Versions,
    ) -> EngineResult<Version> {
        let version = versions.take();
        match &self.action {
            Action::Write(value, options) => tables.insert(&self.key, version, options, now, value)?,
            Action::Remove => drop(tables.entries.remove(&self.key[..])?),
        }
        Ok(version)
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

    fn insert(
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
    fn remove_apart(&mut self, key: &[u8], header: &Header) -> EngineResult<()> {
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
