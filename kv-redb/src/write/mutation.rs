//! One change of one entry, within a transaction.

use kv_core::{Conditional, Expected, PutOptions, Timestamp, Value, Version};

use crate::file::{
    entry_key::EntryKey, error::EngineResult, stored_entry::Damage, tables::Tables, versions::Versions,
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
