//! One page of a listing, out of the index.

use std::{ops::Bound, sync::Arc};

use kv_core::{Cursor, Key, KeyInfo, ListOptions, ListPage, Prefix, Result, Timestamp};

use crate::{
    index::{Index, Indexed},
    name::Name,
};

/// The most entries that a page looks at, expired ones too. The index is locked meanwhile.
const MAX_EXAMINED: usize = 10_000;

/// The entries of a page as the index has them, so that the lock is held no longer than it takes to share them.
pub(crate) struct Found {
    entries: Vec<(Arc<str>, Indexed)>,
    /// The key behind which the next page starts.
    resume: Option<Arc<str>>,
}

impl Index {
    /// The page of the keys with `prefix` behind `start`.
    pub(crate) fn page(&self, prefix: &Prefix, start: Option<&str>, limit: usize, now: Timestamp) -> Found {
        let mut found = Found { entries: Vec::new(), resume: None };
        let lower = match start {
            // A cursor's text may be made by anybody, so it may point outside the prefix.
            Some(start) if start >= prefix.as_str() => Bound::Excluded(Name::from(start)),
            _ => Bound::Included(Name::from(prefix.as_str())),
        };
        let upper =
            prefix.upper_bound().map_or(Bound::Unbounded, |end| Bound::Excluded(Name::from(end.as_str())));
        if let (Bound::Excluded(start) | Bound::Included(start), Bound::Excluded(end)) = (&lower, &upper)
            && start >= end
        {
            return found;
        }
        let mut last = None;
        for (examined, (key, indexed)) in self.range((lower, upper)).enumerate() {
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
