//! Listings, and cursors that are used later.

use std::collections::BTreeSet;

use kv_core::{Cursor, KeyInfo, ListOptions, Prefix};

use crate::{
    model::{
        mismatch::{Checked, Mismatch, check_info},
        run::{KeptCursor, Run, Step},
    },
    support::subject::Subject,
};

/// Number of pages in a row without a key after which a listing counts as endless.
const MAX_EMPTY_PAGES: usize = 1_000;

/// Pages of a listing.
struct Pages {
    keys: Vec<KeyInfo>,
    /// Number of keys on the first page, and its cursor.
    first: Option<(usize, Cursor)>,
}

impl Run {
    /// Lists every page, and keeps the cursor of the first.
    pub(super) async fn list(&mut self, subject: &Subject, prefix: &str, limit: usize) -> Checked {
        let pages = pages(subject, prefix, limit, None).await?;
        self.check_listing(prefix, None, &pages.keys, None)?;
        if let Some((count, cursor)) = pages.first {
            let (before, behind) = pages.keys.split_at(count);
            let after = before.last().map(|info| info.name.to_string());
            let must_list = behind.iter().map(|info| info.name.to_string()).collect();
            self.cursor = Some(KeptCursor { cursor, prefix: prefix.to_owned(), after, must_list });
        }
        Ok(())
    }

    /// Lists every page behind the kept cursor, whatever was written meanwhile.
    pub(super) async fn resume(&mut self, subject: &Subject, limit: usize) -> Checked<Step> {
        let Some(kept) = self.cursor.take() else {
            return Ok(Step::Skipped);
        };
        let pages = pages(subject, &kept.prefix, limit, Some(kept.cursor.clone())).await?;
        self.check_listing(&kept.prefix, kept.after.as_deref(), &pages.keys, Some(&kept.must_list))?;
        self.cursor = Some(kept);
        Ok(Step::Ran)
    }

    /// Releases the kept cursor from listing keys that are gone, even if they come again.
    pub(super) fn release_removed_keys(&mut self) {
        if let Some(kept) = &mut self.cursor {
            kept.must_list.retain(|key| self.model.get(key).is_some());
        }
    }

    /// Compares a listing with the model. Keys that are not in `must_list` may be missing; `None` stands for
    /// all keys.
    fn check_listing(
        &mut self,
        prefix: &str,
        after: Option<&str>,
        listed: &[KeyInfo],
        must_list: Option<&BTreeSet<String>>,
    ) -> Checked {
        let is_listed = |key: &str| listed.binary_search_by(|info| info.name.as_str().cmp(key)).is_ok();
        let is_due = |key: &str| must_list.is_none_or(|keys| keys.contains(key)) || is_listed(key);
        let keys: Vec<String> = self.model.list(prefix, after).map(|(key, _)| key.to_owned()).collect();
        for key in keys.iter().filter(|key| is_due(key)) {
            self.model.resolve(key, is_listed(key));
        }
        let mut infos = listed.iter();
        for (key, entry) in self.model.list(prefix, after).filter(|(key, _)| is_due(key)) {
            let Some(info) = infos.next() else {
                return Err(Mismatch::new(format!("{key:?} is missing from the listing")));
            };
            check_info(key, entry, info)?;
        }
        if let Some(extra) = infos.next() {
            return Err(Mismatch::new(format!("{:?} is listed and should be absent", extra.name.as_str())));
        }
        for info in listed {
            self.keep_expiry(info);
        }
        Ok(())
    }
}

/// Follows the pages of a listing to its end, and checks their sizes and their order.
async fn pages(subject: &Subject, prefix: &str, limit: usize, start: Option<Cursor>) -> Checked<Pages> {
    let options = ListOptions::from(Prefix::new(prefix)?).with_limit(limit)?;
    let mut pages = Pages { keys: Vec::<KeyInfo>::new(), first: None };
    let mut cursor = start;
    let mut empty = 0;
    loop {
        let page = subject.namespace().list_page(options.clone().with_cursor(cursor)).await?;
        let count = page.keys.len();
        if count > limit {
            return Err(Mismatch::new(format!("a page has {count} keys (limit {limit})")));
        }
        empty = if count == 0 { empty + 1 } else { 0 };
        for info in page.keys {
            if pages.keys.last().is_some_and(|last| last.name >= info.name) {
                let key = info.name.as_str();
                return Err(Mismatch::new(format!("{key:?} is listed out of order, or twice")));
            }
            pages.keys.push(info);
        }
        let Some(next) = page.next else {
            return Ok(pages);
        };
        if empty > MAX_EMPTY_PAGES {
            return Err(Mismatch::new(format!("the listing does not end: {empty} empty pages in a row")));
        }
        pages.first.get_or_insert_with(|| (count, next.clone()));
        cursor = Some(next);
    }
}
