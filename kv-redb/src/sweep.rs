//! Reclaiming what has expired and what deleted namespaces held.

use kv_core::Timestamp;
use redb::{ReadableTable, WriteTransaction};

use crate::{
    entry_key,
    error::EngineResult,
    tables::{DELETED, Tables},
};

/// How many entries one transaction reclaims at the most, so that writes never wait for long behind it.
pub(crate) const STEP: usize = 1000;

/// What a step of the sweep did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Swept {
    /// How many entries it reclaimed.
    pub(crate) entries: usize,
    /// Whether it changed the tables.
    pub(crate) changed: bool,
}

/// Reclaims up to `limit` entries: first those that have expired at `now`, then those of deleted namespaces.
pub(crate) fn step(
    transaction: &WriteTransaction,
    tables: &mut Tables<'_>,
    now: Timestamp,
    limit: usize,
) -> EngineResult<Swept> {
    let expired = reclaim_expired(tables, now, limit)?;
    let deleted = reclaim_deleted(transaction, tables, limit - expired)?;
    Ok(Swept { entries: expired + deleted.entries, changed: expired > 0 || deleted.changed })
}

fn reclaim_expired(tables: &mut Tables<'_>, now: Timestamp, limit: usize) -> EngineResult<usize> {
    let after_now = (now.as_secs() + 1, &[][..]);
    let due: Vec<(u64, Vec<u8>)> = tables
        .deadlines()?
        .range(..after_now)?
        .take(limit)
        .map(|row| row.map(|(row, _)| (row.value().0, row.value().1.to_owned())))
        .collect::<Result<_, _>>()?;
    for (deadline, key) in &due {
        tables.deadlines()?.remove((*deadline, &key[..]))?;
        // Only the entry that this row is about: what is damaged stays for whoever mends the file.
        if let Ok(Some(header)) = tables.header(key)?
            && header.expires_at.is_some_and(|expires_at| expires_at.as_secs() == *deadline)
        {
            tables.remove(key, &header)?;
        }
    }
    Ok(due.len())
}

fn reclaim_deleted(
    transaction: &WriteTransaction,
    tables: &mut Tables<'_>,
    limit: usize,
) -> EngineResult<Swept> {
    let mut deleted = transaction.open_table(DELETED)?;
    let mut swept = Swept { entries: 0, changed: false };
    while swept.entries < limit {
        let Some(number) = deleted.first()?.map(|(number, _)| number.value()) else {
            break;
        };
        let (start, end) = (entry_key::encode(number, ""), entry_key::encode(number.saturating_add(1), ""));
        let keys: Vec<Vec<u8>> = tables
            .entries
            .range(&start[..]..&end[..])?
            .take(limit - swept.entries)
            .map(|row| row.map(|(key, _)| key.value().to_owned()))
            .collect::<Result<_, _>>()?;
        swept.changed = true;
        if keys.is_empty() {
            deleted.remove(number)?;
        }
        for key in &keys {
            match tables.header(key)? {
                Ok(Some(header)) => tables.remove(key, &header)?,
                Ok(None) | Err(_) => drop(tables.entries.remove(&key[..])?),
            }
        }
        swept.entries += keys.len();
    }
    Ok(swept)
}
