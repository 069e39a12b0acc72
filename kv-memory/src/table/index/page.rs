//! One page of a listing, out of the index.

use std::{ops::Bound, sync::Arc};

use kv_core::{Cursor, Key, KeyInfo, KeyRange, ListOptions, ListPage, Result, Timestamp};

use crate::table::index::{
    key::Name,
    ordered_index::{Index, Indexed},
};

/// The most entries that a page looks at, expired ones too. The index is locked meanwhile.
const MAX_EXAMINED: usize = 10_000;

/// The entries of a page as the index has them, so that the lock is held no longer than it takes to share them.
#[derive(Default)]
pub(crate) struct Found {
    entries: Vec<(Arc<str>, Indexed)>,
    /// The key behind which the next page starts.
    resume: Option<Arc<str>>,
}

impl Index {
    /// The page of the keys in a range that [`ListOptions::key_range`] gave.
    pub(crate) fn page(&self, KeyRange { start, end }: KeyRange<'_>, limit: usize, now: Timestamp) -> Found {
        let mut found = Found::default();
        let end = end.map_or(Bound::Unbounded, |end| Bound::Excluded(Name::from(end.as_str())));
        let mut last = None;
        for (examined, (key, indexed)) in self.range((start.map(Name::from), end)).enumerate() {
            let live = indexed.is_live(now);
            if examined == MAX_EXAMINED || (live && found.entries.len() == limit) {
                found.resume = last.map(Arc::clone);
                break;
            }
            if live {
                found.entries.push((Arc::clone(key), indexed.clone()));
            }
            last = Some(key);
        }
        found
    }
}

impl Found {
    pub(crate) fn into_page(self, options: &ListOptions) -> Result<ListPage> {
        let keys = self.entries.into_iter().map(|(key, indexed)| {
            Ok(KeyInfo::new(Key::new(String::from(&*key))?)
                .with_metadata(indexed.metadata)
                .with_expires_at(indexed.expires_at))
        });
        let next = self.resume.map(|key| Cursor::issue(options.prefix(), &*key));
        Ok(ListPage::new(keys.collect::<Result<_>>()?, next))
    }
}
