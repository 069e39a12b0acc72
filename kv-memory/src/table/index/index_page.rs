//! Page of a listing, from the index.

use std::{ops::Bound, sync::Arc};

use kv_core::{Cursor, Key, KeyInfo, KeyRange, ListOptions, ListPage, Result, Timestamp};

use crate::table::index::{
    index_key::IndexKey,
    ordered_index::{IndexEntry, OrderedIndex},
};

/// Maximum number of entries that a page examines, expired ones too. The index is locked meanwhile.
const MAX_EXAMINED: usize = 10_000;

/// Entries of a page as the index has them. They are shared and converted later, which keeps the lock short.
#[derive(Default)]
pub(crate) struct IndexPage {
    entries: Vec<(Arc<str>, IndexEntry)>,
    /// Last key of this page if another page follows.
    resume: Option<Arc<str>>,
}

impl OrderedIndex {
    /// Returns the page of the keys in a range of [`ListOptions::key_range`].
    pub(crate) fn page(
        &self,
        KeyRange { start, end }: KeyRange<'_>,
        limit: usize,
        now: Timestamp,
    ) -> IndexPage {
        let mut page = IndexPage::default();
        let end = end.map_or(Bound::Unbounded, |end| Bound::Excluded(IndexKey::from(end.as_str())));
        let mut last = None;
        for (examined, (key, entry)) in self.range((start.map(IndexKey::from), end)).enumerate() {
            let live = entry.is_live(now);
            if examined == MAX_EXAMINED || (live && page.entries.len() == limit) {
                page.resume = last.map(Arc::clone);
                break;
            }
            if live {
                page.entries.push((Arc::clone(key), entry.clone()));
            }
            last = Some(key);
        }
        page
    }
}

impl IndexPage {
    pub(crate) fn into_page(self, options: &ListOptions) -> Result<ListPage> {
        let keys = self.entries.into_iter().map(|(key, entry)| {
            Ok(KeyInfo::new(Key::new(String::from(&*key))?)
                .with_metadata(entry.metadata)
                .with_expires_at(entry.expires_at))
        });
        let next = self.resume.map(|key| Cursor::issue(options.prefix(), &*key));
        Ok(ListPage::new(keys.collect::<Result<_>>()?, next))
    }
}
