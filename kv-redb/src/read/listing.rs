//! Page of keys, built from a snapshot in steps.

use kv_core::{Cursor, Key, KeyInfo, ListOptions, ListPage, Prefix, Timestamp};
use tokio::task::coop::consume_budget;

use crate::{
    file::{
        entry_key::{self, EntryKey},
        error::catch_redb_panic,
        stored_entry::{CorruptEntry, StoredEntry},
    },
    read::{
        read_error::ReadError,
        snapshot::{Rows, Snapshot},
    },
};

/// Number of entries per step; other tasks may run between steps.
const ENTRIES_PER_STEP: usize = 1024;

/// Number of entries per unit of the budget that tokio gives a task for each turn. The budget is 128 units,
/// so one turn makes at most two full pages.
const ENTRIES_PER_UNIT: usize = 16;

/// Upper bound on the entries that one page examines. It ends there even if it is short, so that many expired
/// entries side by side do not make one call long.
const MAX_EXAMINED: usize = 10_000;

/// Page of keys while it is built. All of it shows the moment of one snapshot.
///
/// A damaged entry is listed by its key, without metadata and expiry: reading it reports the damage, and
/// writing or removing it repairs it.
pub(crate) struct Listing {
    rows: Option<Rows>,
    prefix: Prefix,
    limit: usize,
    now: Timestamp,
    examined: usize,
    keys: Vec<KeyInfo>,
    /// Prefix of the keys of all rows in the tables.
    start: EntryKey,
    /// Key of the last row in the tables; at first a key before all rows. Keys that do not ascend show a
    /// misplaced page.
    last: Vec<u8>,
}

impl Listing {
    /// Begins a page of the namespace `number`.
    pub(crate) fn begin(
        snapshot: &Snapshot,
        number: u32,
        options: &ListOptions,
        now: Timestamp,
    ) -> Result<Self, ReadError> {
        let rows = snapshot.rows(number, options)?;
        let keys = Vec::with_capacity(if rows.is_some() { options.limit() } else { 0 });
        let prefix = options.prefix().clone();
        let limit = options.limit();
        // The key in a cursor was listed before; without a cursor, the namespace's number alone is before all
        // keys.
        let last = entry_key::encode(number, options.start()?.unwrap_or_default()).to_vec();
        let start = entry_key::encode(number, prefix.as_str());
        Ok(Self { rows, prefix, limit, now, examined: 0, keys, start, last })
    }

    /// Builds the page without a pause.
    pub(crate) fn finish(mut self) -> Result<ListPage, ReadError> {
        loop {
            if let Some(page) = self.advance()? {
                return Ok(page);
            }
        }
    }

    /// Examines up to [`ENTRIES_PER_STEP`] more entries, then lets other tasks run if this one used up its
    /// turn. Returns the page once it is complete.
    pub(crate) async fn step(&mut self) -> Result<Option<ListPage>, ReadError> {
        let examined = self.examined;
        let page = self.advance()?;
        for _ in 0..(self.examined - examined).div_ceil(ENTRIES_PER_UNIT) {
            consume_budget().await;
        }
        Ok(page)
    }

    /// Examines up to [`ENTRIES_PER_STEP`] more entries. Returns the page once it is complete.
    fn advance(&mut self) -> Result<Option<ListPage>, ReadError> {
        catch_redb_panic(|| self.advance_unguarded())
    }

    fn advance_unguarded(&mut self) -> Result<Option<ListPage>, ReadError> {
        for _ in 0..ENTRIES_PER_STEP {
            let Some(row) = self.rows.as_mut().and_then(Iterator::next) else {
                return Ok(Some(self.page(None)));
            };
            let (key, value) = row?;
            let key = key.value();
            if key <= &self.last[..] || !key.starts_with(&self.start) {
                return Err(ReadError::Corrupt(CorruptEntry("a page of entries is misplaced")));
            }
            self.last.clear();
            self.last.extend_from_slice(key);
            let stored = StoredEntry::decode(key, value.value());
            let is_expired = stored
                .as_ref()
                .is_ok_and(|stored| stored.expires_at.is_some_and(|at| at.has_passed(self.now)));
            // An invalid key is damage, and no caller can ask for it: it is left out.
            if let Some(name) = entry_key::decode(key).ok().filter(|_| !is_expired) {
                if let Some(last) = self.keys.last().filter(|_| self.keys.len() == self.limit) {
                    let next = Cursor::after(&self.prefix, &last.name);
                    return Ok(Some(self.page(Some(next))));
                }
                self.keys.push(info(name, stored));
            }
            self.examined += 1;
            if self.examined >= MAX_EXAMINED
                && let Ok(name) = entry_key::decode(key)
            {
                let next = Cursor::after(&self.prefix, &name);
                return Ok(Some(self.page(Some(next))));
            }
        }
        Ok(None)
    }

    fn page(&mut self, next: Option<Cursor>) -> ListPage {
        ListPage::new(std::mem::take(&mut self.keys), next)
    }
}

/// Describes an entry on a page.
fn info(name: Key<'static>, stored: Result<StoredEntry<'_>, CorruptEntry>) -> KeyInfo {
    let described = stored.and_then(|stored| Ok((stored.metadata()?, stored.expires_at)));
    match described {
        Ok((metadata, expires_at)) => KeyInfo::new(name).with_metadata(metadata).with_expires_at(expires_at),
        Err(_) => KeyInfo::new(name),
    }
}
