//! A page of keys in the making.

use kv_core::{Cursor, Key, KeyInfo, ListOptions, ListPage, Prefix, Timestamp};
use tokio::task::coop::consume_budget;

use crate::{
    file::{
        entry_key::{self, EntryKey},
        error::guard,
        stored_entry::{Damage, Record},
    },
    read::{
        read_error::ReadError,
        snapshot::{Rows, Snapshot},
    },
};

/// How many entries are looked at before the task may have to let others run.
const STEP: usize = 1024;

/// How many entries are looked at for one unit of the budget that tokio gives a task for each turn, 128. So a turn makes
/// two full pages at the most.
const ENTRIES_PER_UNIT: usize = 16;

/// How many entries a page looks at. Past that it is answered as it is: many expired entries side by side must not make
/// one call long.
const MAX_EXAMINED: usize = 10_000;

/// A page of keys in the making. All of it shows the moment of one snapshot.
///
/// An entry whose record is damaged is listed by its key, without metadata and expiry: reading it says what is wrong, and
/// writing or removing it sets it right.
pub(crate) struct Listing {
    rows: Option<Rows>,
    prefix: Prefix,
    limit: usize,
    now: Timestamp,
    examined: usize,
    keys: Vec<KeyInfo>,
    /// Beginning that the keys of all rows share in the tables.
    start: EntryKey,
    /// The last row's key in the tables, at first what all rows lie behind. A misplaced page would make rows come again.
    last: Vec<u8>,
}

impl Listing {
    /// A page of the namespace `number`.
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
        // What a cursor names was given before, and no key is as short as the namespace's number alone.
        let last = entry_key::encode(number, options.start()?.unwrap_or_default()).to_vec();
        let start = entry_key::encode(number, prefix.as_str());
        Ok(Self { rows, prefix, limit, now, examined: 0, keys, start, last })
    }

    /// The page, made without a pause.
    pub(crate) fn finish(mut self) -> Result<ListPage, ReadError> {
        loop {
            if let Some(page) = self.advance()? {
                return Ok(page);
            }
        }
    }

    /// Looks at up to [`STEP`] more entries, and lets other tasks run if this one has had its turn.
    pub(crate) async fn step(&mut self) -> Result<Option<ListPage>, ReadError> {
        let examined = self.examined;
        let page = self.advance()?;
        for _ in 0..(self.examined - examined).div_ceil(ENTRIES_PER_UNIT) {
            consume_budget().await;
        }
        Ok(page)
    }

    /// Looks at up to [`STEP`] more entries, and gives the page once it is complete.
    fn advance(&mut self) -> Result<Option<ListPage>, ReadError> {
        guard(|| self.look_at_some())
    }

    fn look_at_some(&mut self) -> Result<Option<ListPage>, ReadError> {
        for _ in 0..STEP {
            let Some(row) = self.rows.as_mut().and_then(Iterator::next) else {
                return Ok(Some(self.end(None)));
            };
            let (key, record) = row?;
            let key = key.value();
            if key <= &self.last[..] || !key.starts_with(&self.start) {
                return Err(ReadError::Damage(Damage("a page of entries is not in its place")));
            }
            self.last.clear();
            self.last.extend_from_slice(key);
            let record = Record::decode(key, record.value());
            let is_expired = record
                .as_ref()
                .is_ok_and(|record| record.expires_at.is_some_and(|at| at.has_passed(self.now)));
            // Bytes that are no key were none when they were written: nobody can ask for them.
            if let Some(name) = entry_key::decode(key).ok().filter(|_| !is_expired) {
                if let Some(last) = self.keys.last().filter(|_| self.keys.len() == self.limit) {
                    let next = Cursor::after(&self.prefix, &last.name);
                    return Ok(Some(self.end(Some(next))));
                }
                self.keys.push(info(name, record));
            }
            self.examined += 1;
            if self.examined >= MAX_EXAMINED
                && let Ok(name) = entry_key::decode(key)
            {
                let next = Cursor::after(&self.prefix, &name);
                return Ok(Some(self.end(Some(next))));
            }
        }
        Ok(None)
    }

    fn end(&mut self, next: Option<Cursor>) -> ListPage {
        ListPage::new(std::mem::take(&mut self.keys), next)
    }
}

/// Information that a page gives on an entry.
fn info(name: Key<'static>, record: Result<Record<'_>, Damage>) -> KeyInfo {
    let whole = record.and_then(|record| Ok((record.metadata()?, record.expires_at)));
    match whole {
        Ok((metadata, expires_at)) => KeyInfo::new(name).with_metadata(metadata).with_expires_at(expires_at),
        Err(_) => KeyInfo::new(name),
    }
}
