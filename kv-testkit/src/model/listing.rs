//! Listings, and cursors that are kept for later.

use std::collections::BTreeSet;

use kv_core::{Cursor, KeyInfo, ListOptions, Prefix};

use crate::{
    model::{
        mismatch::{Mismatch, Outcome, same_info},
        run::{KeptCursor, Run, Step},
    },
    support::subject::Subject,
};

/// So many pages without a key one after another end a listing that does not end by itself.
const EMPTY_PAGES: usize = 1_000;

/// What the pages of a listing gave.
struct Pages {
    keys: Vec<KeyInfo>,
    /// How many keys the first page gave, and its cursor.
    first: Option<(usize, Cursor)>,
}

impl Run {
    /// Lists every page, and keeps the cursor of the first.
    pub(super) async fn list(&mut self, subject: &Subject, prefix: &str, limit: usize) -> Outcome {
        let pages = pages(subject, prefix, limit, None).await?;
        self.check_listing(prefix, None, &pages.keys, None)?;
        if let Some((count, cursor)) = pages.first {
            let (before, behind) = pages.keys.split_at(count);
            let after = before.last().map(|info| info.name.to_string());
            let owed = behind.iter().map(|info| info.name.to_string()).collect();
            self.cursor = Some(KeptCursor { cursor, prefix: prefix.to_owned(), after, owed });
        }
        Ok(())
    }

    /// Goes on from the cursor that was kept, whatever was written meanwhile.
    pub(super) async fn resume(&mut self, subject: &Subject, limit: usize) -> Outcome<Step> {
        let Some(kept) = self.cursor.take() else {
            return Ok(Step::Skipped);
        };
        let pages = pages(subject, &kept.prefix, limit, Some(kept.cursor.clone())).await?;
        self.check_listing(&kept.prefix, kept.after.as_deref(), &pages.keys, Some(&kept.owed))?;
        self.cursor = Some(kept);
        Ok(Step::Ran)
    }

    /// Takes note of keys that are gone: the kept cursor owes them no longer, even if they come again.
    pub(super) fn release_owed(&mut self) {
        if let Some(kept) = &mut self.cursor {
            kept.owed.retain(|key| self.records.get(key).is_some());
        }
    }

    /// Compares a listing with the model; of the keys there, those that are not `owed` may be missing.
    fn check_listing(
        &mut self,
        prefix: &str,
        after: Option<&str>,
        listed: &[KeyInfo],
        owed: Option<&BTreeSet<String>>,
    ) -> Outcome {
        let is_listed = |key: &str| listed.binary_search_by(|info| info.name.as_str().cmp(key)).is_ok();
        let is_owed = |key: &str| owed.is_none_or(|owed| owed.contains(key));
        let names: Vec<String> = self.records.list(prefix, after).map(|(key, _)| key.to_owned()).collect();
        for name in names.iter().filter(|name| is_owed(name) || is_listed(name)) {
            self.records.settle(name, is_listed(name));
        }
        let mut infos = listed.iter();
        let due = self.records.list(prefix, after).filter(|(key, _)| is_owed(key) || is_listed(key));
        for (key, record) in due {
            let Some(info) = infos.next() else {
                return Err(Mismatch::new(format!("{key:?} is in the model, and the listing lacks it")));
            };
            same_info(key, record, info)?;
        }
        if let Some(extra) = infos.next() {
            let extra = extra.name.as_str();
            return Err(Mismatch::new(format!("{extra:?} is listed, and should not be")));
        }
        for info in listed {
            self.carry(info);
        }
        Ok(())
    }
}

/// Follows the pages of a listing to its end, and looks at their sizes and their order.
async fn pages(subject: &Subject, prefix: &str, limit: usize, start: Option<Cursor>) -> Outcome<Pages> {
    let options = ListOptions::from(Prefix::new(prefix)?).with_limit(limit)?;
    let mut pages = Pages { keys: Vec::<KeyInfo>::new(), first: None };
    let (mut cursor, mut empty) = (start, 0);
    loop {
        let page = subject.namespace().list_page(options.clone().with_cursor(cursor)).await?;
        if page.keys.len() > limit {
            return Err(Mismatch::new(format!(
                "a page of {} keys passes its limit, {limit}",
                page.keys.len()
            )));
        }
        empty = if page.keys.is_empty() { empty + 1 } else { 0 };
        let count = page.keys.len();
        for info in page.keys {
            if pages.keys.last().is_some_and(|last| last.name >= info.name) {
                return Err(Mismatch::new(format!(
                    "{:?} is listed out of order, or twice",
                    info.name.as_str()
                )));
            }
            pages.keys.push(info);
        }
        let Some(next) = page.next else {
            return Ok(pages);
        };
        if empty > EMPTY_PAGES {
            return Err(Mismatch::new("the listing does not end"));
        }
        pages.first.get_or_insert_with(|| (count, next.clone()));
        cursor = Some(next);
    }
}
