//! Writes that can be told apart.

use std::time::Duration;

use kv_core::{
    Entry, Expiration, Key, KvNamespace, Metadata, PutEntry, PutOptions, Result, Timestamp, Value,
};

/// A write whose value, metadata and deadline each say which one it is, so that a mixture of two shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    number: u8,
    size: usize,
}

impl Mark {
    /// The write `number`, of a few bytes.
    pub(crate) const fn new(number: u8) -> Self {
        Self { number, size: 8 }
    }

    /// With a value of `size` bytes and a few more, since the number of them differs too.
    pub(crate) const fn with_size(mut self, size: usize) -> Self {
        self.size = size;
        self
    }

    /// The entry that this write makes. Its deadline is in the year 2096 or later.
    pub(crate) fn entry(self) -> Entry {
        let value = Value::new(vec![self.number; self.size + usize::from(self.number)]);
        let deadline =
            Timestamp::EPOCH.saturating_add(Duration::from_secs(4_000_000_000 + u64::from(self.number)));
        Entry::new(value.expect("the suite's values are valid"))
            .with_metadata(Metadata::new(&self.number).expect("a number is valid metadata"))
            .with_expires_at(deadline)
    }

    pub(crate) fn options(self) -> PutOptions {
        let entry = self.entry();
        PutOptions::from(Expiration::of(&entry)).with_metadata(entry.metadata)
    }

    pub(crate) fn put(self, key: &Key<'_>) -> PutEntry {
        let entry = PutEntry::new(key, self.entry().value).expect("the suite's entries are valid");
        entry.with_options(self.options())
    }

    pub(crate) async fn write(self, namespace: &(impl KvNamespace + ?Sized), key: &Key<'_>) -> Result<()> {
        namespace.write(key.as_borrowed(), self.entry().value, self.options()).await
    }
}

/// Checks that `found` is what one of `marks` wrote, all of it, or `None` if that is among them.
pub(crate) fn assert_whole(found: Option<&Entry>, marks: &[Option<Mark>]) {
    let whole = marks.iter().any(|mark| mark.map(Mark::entry).as_ref() == found);
    assert!(
        whole,
        "value, metadata and expiration change together, and an entry is never half written: {found:?} is none of {marks:?}"
    );
}
