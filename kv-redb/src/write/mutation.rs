//! Change of one entry, within a transaction.

use kv_core::{Conditional, Expected, PutOptions, Timestamp, Value, Version};

use crate::file::{
    entry_key::EntryKey, error::RedbResult, stored_entry::CorruptEntry, tables::Tables, versions::Versions,
};

/// Change of one entry: a write or a removal, on a condition or without one.
pub(crate) struct Mutation {
    /// Key of the entry in the tables.
    pub(crate) key: EntryKey,
    /// Condition on the current entry; `None` for none.
    pub(crate) expected: Option<Expected>,
    pub(crate) action: Action,
}

/// Action of a mutation on its entry.
pub(crate) enum Action {
    Write(Value, PutOptions),
    Remove,
}

/// Outcome of a mutation within its transaction.
pub(crate) type MutationOutcome = Result<Conditional, CorruptEntry>;

impl Mutation {
    /// Returns the approximate memory that it takes up in the queue, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let action = match &self.action {
            Action::Write(value, options) => {
                value.len() + options.metadata.as_ref().map_or(0, |metadata| metadata.as_str().len())
            }
            Action::Remove => 0,
        };
        self.key.len() + action
    }

    /// Applies the mutation to the tables at `now`, under a new version. A conflict changes nothing. A
    /// corrupt entry is replaced by a mutation without a condition, and fails one with a condition.
    pub(crate) fn apply_to(
        &self,
        tables: &mut Tables<'_>,
        now: Timestamp,
        versions: &mut Versions,
    ) -> RedbResult<MutationOutcome> {
        let old = match tables.header(&self.key)? {
            Ok(old) => old,
            Err(corrupt) if self.expected.is_some() => return Ok(Err(corrupt)),
            Err(_) => return Ok(Ok(Conditional::Applied(self.replace_corrupt(tables, now, versions)?))),
        };
        let live = old.filter(|header| !header.is_expired(now)).map(|header| header.version);
        if self.expected.is_some_and(|expected| !expected.holds(live)) {
            return Ok(Ok(Conditional::Conflict));
        }
        if let (Action::Remove, None) = (&self.action, old) {
            // Nothing to remove, so nothing to commit.
            return Ok(Ok(Conditional::Conflict));
        }
        let version = versions.take();
        match &self.action {
            Action::Write(value, options) => {
                if let Some(old) = old {
                    tables.remove_chunks_and_expiry(&self.key, &old)?;
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

    /// Replaces an entry that cannot be read. A row of it in the index of expiries is left to the sweep,
    /// which removes rows without an entry. Its chunks, if it has any, take up space until the store is
    /// copied.
    fn replace_corrupt(
        &self,
        tables: &mut Tables<'_>,
        now: Timestamp,
        versions: &mut Versions,
    ) -> RedbResult<Version> {
        let version = versions.take();
        match &self.action {
            Action::Write(value, options) => tables.insert(&self.key, version, options, now, value)?,
            Action::Remove => drop(tables.entries.remove(&self.key[..])?),
        }
        Ok(version)
    }
}
