//! Sweep: reclaims expired entries and those of deleted namespaces, in bounded steps.

use std::time::Duration;

use kv_core::{Clock, SystemClock, Timestamp};
use redb::ReadableTable;

use crate::file::{entry_key, error::RedbResult, tables::Tables, transaction::Change};

/// Upper bound on the entries that one transaction reclaims, so that writes never wait for long behind it.
pub(crate) const MAX_STEP: usize = 1000;

/// Timer of the sweeps that a store does by itself. It measures the time with the system's clock, since the
/// writer waits in real time, whatever the store's clock says.
pub(crate) struct SweepTimer {
    interval: Duration,
    /// Time of the next sweep, on the system's monotonic clock.
    due: Duration,
}

impl SweepTimer {
    /// Starts a timer whose first sweep is due at once.
    pub(crate) fn start(interval: Duration) -> Self {
        Self { interval, due: SystemClock.monotonic() }
    }

    /// Returns the time until the next sweep is due.
    pub(crate) fn remaining(&self) -> Duration {
        self.due.saturating_sub(SystemClock.monotonic())
    }

    /// Returns `true` and starts the next interval if a sweep is due. After a stall one sweep makes up for
    /// all missed ones.
    pub(crate) fn fire(&mut self) -> bool {
        let now = SystemClock.monotonic();
        let is_due = self.due <= now;
        if is_due {
            self.due = now.saturating_add(self.interval);
        }
        is_due
    }
}

/// Outcome of a step of the sweep.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Swept {
    /// Number of entries reclaimed.
    pub(crate) entries: usize,
    pub(crate) change: Change,
}

/// Reclaims up to `limit` entries: first those that have expired at `now`, then those of deleted namespaces.
/// A row that a scan finds and a removal does not is damage, an error here, since the sweep would find it for
/// ever.
pub(crate) fn step(tables: &mut Tables<'_>, now: Timestamp, limit: usize) -> RedbResult<Swept> {
    let expired = reclaim_expired(tables, now, limit)?;
    let deleted = reclaim_deleted(tables, limit - expired)?;
    let mut change = deleted.change;
    if expired > 0 {
        change = Change::Some;
    }
    Ok(Swept { entries: expired + deleted.entries, change })
}

fn reclaim_expired(tables: &mut Tables<'_>, now: Timestamp, limit: usize) -> RedbResult<usize> {
    let after_now = (now.as_secs() + 1, &[][..]);
    let due: Vec<(u64, Vec<u8>)> = tables
        .expiries()?
        .range(..after_now)?
        .take(limit)
        .map(|row| row.map(|(row, _)| (row.value().0, row.value().1.to_owned())))
        .collect::<Result<_, _>>()?;
    for (expiry, key) in &due {
        if tables.expiries()?.remove((*expiry, &key[..]))?.is_none() {
            return Err(misplaced("expiries"));
        }
        // The entry may have another expiry by now. A corrupt one stays, so that reads report it instead of
        // an absent one.
        if let Ok(Some(header)) = tables.header(key)?
            && header.expires_at.is_some_and(|expires_at| expires_at.as_secs() == *expiry)
        {
            tables.remove(key, &header)?;
        }
    }
    Ok(due.len())
}

fn reclaim_deleted(tables: &mut Tables<'_>, limit: usize) -> RedbResult<Swept> {
    let mut swept = Swept { entries: 0, change: Change::None };
    while swept.entries < limit {
        let Some(number) = tables.deleted_namespaces()?.first()?.map(|(number, _)| number.value()) else {
            break;
        };
        let start = entry_key::encode(number, "");
        let end = entry_key::encode(number.saturating_add(1), "");
        let keys: Vec<Vec<u8>> = tables
            .entries
            .range(&start[..]..&end[..])?
            .take(limit - swept.entries)
            .map(|row| row.map(|(key, _)| key.value().to_owned()))
            .collect::<Result<_, _>>()?;
        swept.change = Change::Some;
        if keys.is_empty() && tables.deleted_namespaces()?.remove(number)?.is_none() {
            return Err(misplaced("deleted namespaces"));
        }
        for key in &keys {
            // A misplaced page may show entries of another namespace.
            if !key.starts_with(&start) {
                return Err(misplaced("entries"));
            }
            match tables.header(key)? {
                Ok(Some(header)) => tables.remove(key, &header)?,
                Ok(None) => return Err(misplaced("entries")),
                Err(_) => drop(tables.entries.remove(&key[..])?),
            }
        }
        swept.entries += keys.len();
    }
    Ok(swept)
}

/// Error over rows that a scan finds and a look-up does not.
fn misplaced(table: &str) -> redb::Error {
    redb::Error::Corrupted(format!("a page of the table of {table} is misplaced"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sweep_is_due_at_once_and_the_next_one_after_the_interval() {
        let mut timer = SweepTimer::start(Duration::MAX);
        assert_eq!(timer.remaining(), Duration::ZERO);
        assert!(timer.fire());
        assert!(timer.remaining() > Duration::from_secs(3600));
        assert!(!timer.fire());

        let mut timer = SweepTimer::start(Duration::ZERO);
        assert!(timer.fire() && timer.fire());
    }
}
