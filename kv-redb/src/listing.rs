//! A page of keys in the making.

use kv_core::{Cursor, KeyInfo, ListOptions, ListPage, Prefix, Timestamp};
use tokio::task::coop::consume_budget;

use crate::{
    entry_key,
    error::guard,
    record::Record,
    snapshot::{Failure, Rows, Snapshot},
    state::State,
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
pub(crate) struct Listing {
    rows: Option<Rows>,
    prefix: Prefix,
    limit: usize,
    now: Timestamp,
    examined: usize,
    keys: Vec<KeyInfo>,
}

impl Listing {
    /// A page of the namespace `number`.
    pub(crate) fn begin(
        snapshot: &Snapshot,
        number: u32,
        options: &ListOptions,
        state: &State,
    ) -> Result<Self, Failure> {
        let rows = snapshot.rows(number, options)?;
        let keys = Vec::with_capacity(if rows.is_some() { options.limit() } else { 0 });
        let (prefix, limit, now) = (options.prefix().clone(), options.limit(), state.clock.now());
        Ok(Self { rows, prefix, limit, now, examined: 0, keys })
    }

    /// The page, made without a pause.
    pub(crate) fn finish(mut self) -> Result<ListPage, Failure> {
        loop {
            if let Some(page) = self.advance()? {
                return Ok(page);
            }
        }
    }

    /// Looks at up to [`STEP`] more entries, and lets other tasks run if this one has had its turn.
    pub(crate) async fn step(&mut self) -> Result<Option<ListPage>, Failure> {
        let examined = self.examined;
        let page = self.advance()?;
        for _ in 0..(self.examined - examined).div_ceil(ENTRIES_PER_UNIT) {
            consume_budget().await;
        }
        Ok(page)
    }

    /// Looks at up to [`STEP`] more entries, and gives the page once it is complete.
    fn advance(&mut self) -> Result<Option<ListPage>, Failure> {
        guard(|| self.look_at_some())
    }

    fn look_at_some(&mut self) -> Result<Option<ListPage>, Failure> {
        for _ in 0..STEP {
            let Some(row) = self.rows.as_mut().and_then(Iterator::next) else {
                return Ok(Some(self.end(None)));
            };
            let (key, record) = row?;
            let record = Record::decode(key.value(), record.value()).map_err(Failure::Damage)?;
            let live = !record.is_expired(|| self.now);
            if live && let Some(last) = self.keys.last().filter(|_| self.keys.len() == self.limit) {
                let next = Cursor::after(&self.prefix, &last.name);
                return Ok(Some(self.end(Some(next))));
            }
            let name = || entry_key::decode(key.value()).map_err(Failure::Damage);
            if live {
                let metadata = record.metadata().map_err(Failure::Damage)?;
                self.keys
                    .push(KeyInfo::new(name()?).with_metadata(metadata).with_expires_at(record.expires_at));
            }
            self.examined += 1;
            if self.examined >= MAX_EXAMINED {
                let next = Cursor::after(&self.prefix, &name()?);
                return Ok(Some(self.end(Some(next))));
            }
        }
        Ok(None)
    }

    fn end(&mut self, next: Option<Cursor>) -> ListPage {
        ListPage::new(std::mem::take(&mut self.keys), next)
    }
}
