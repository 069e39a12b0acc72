//! Writes that can be told apart by the entries that they leave.

use std::time::Duration;

use kv_core::{
    Entry, Expiration, Key, KvNamespace, Metadata, PutEntry, PutOptions, Result, Timestamp, Value,
};

/// Write whose value, metadata and expiry each say which write it is, so that a mixture of two shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MarkedWrite {
    number: u32,
    size: usize,
}

impl MarkedWrite {
    /// Returns write `number`, with a value of up to 250 bytes.
    pub(crate) const fn new(number: u32) -> Self {
        Self { number, size: 0 }
    }

    /// Returns the same write with a value that is `size` bytes longer.
    pub(crate) const fn with_size(mut self, size: usize) -> Self {
        self.size = size;
        self
    }

    /// Returns the write that has `value`, if a marked write has it.
    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        let text = value.strip_prefix(b"#")?;
        let head = text.split(|byte| *byte == b':').next()?;
        let (number, size) = std::str::from_utf8(head).ok()?.split_once(' ')?;
        let write = Self { number: number.parse().ok()?, size: size.parse().ok()? };
        (write.value() == *value).then_some(write)
    }

    /// Returns the number of the write that has `metadata`, if a marked write can have it.
    pub(crate) fn number_in(metadata: &Metadata) -> Option<u32> {
        metadata.as_str().parse().ok()
    }

    pub(crate) fn number(self) -> u32 {
        self.number
    }

    /// Returns the value: number and size as text, then bytes that differ from write to write.
    pub(crate) fn value(self) -> Value {
        let mut bytes = format!("#{} {}:", self.number, self.size).into_bytes();
        let filler = (self.number % 251).to_le_bytes()[0];
        // Lengths differ too.
        bytes.resize(bytes.len().max(self.size + usize::from(filler)), filler);
        Value::new(bytes).expect("marked values are valid")
    }

    /// Returns the entry that the write makes. It expires in the year 2096 or later.
    pub(crate) fn entry(self) -> Entry {
        let expires_at = Duration::from_secs(4_000_000_000 + u64::from(self.number));
        Entry::new(self.value())
            .with_metadata(Metadata::new(&self.number).expect("a number is valid metadata"))
            .with_expires_at(Timestamp::EPOCH.saturating_add(expires_at))
    }

    pub(crate) fn options(self) -> PutOptions {
        let entry = self.entry();
        PutOptions::from(Expiration::of(&entry)).with_metadata(entry.metadata)
    }

    pub(crate) fn put(self, key: &Key<'_>) -> PutEntry {
        let entry = PutEntry::new(key, self.value()).expect("marked entries are valid");
        entry.with_options(self.options())
    }

    pub(crate) async fn write(self, namespace: &(impl KvNamespace + ?Sized), key: &Key<'_>) -> Result<()> {
        namespace.write(key.as_borrowed(), self.value(), self.options()).await
    }
}

/// Fails unless `found` is the whole entry of one of `writes`, or is `None` and that is among them.
pub(crate) fn assert_whole(found: Option<&Entry>, writes: &[Option<MarkedWrite>]) {
    let is_whole = writes.iter().any(|write| write.map(MarkedWrite::entry).as_ref() == found);
    assert!(
        is_whole,
        "value, metadata and expiry change together, and an entry is never half written: {found:?} is \
         not the entry of one of {writes:?}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_recognised_by_whole_values() {
        for write in [MarkedWrite::new(0), MarkedWrite::new(4_000_001), MarkedWrite::new(7).with_size(3_000)]
        {
            assert_eq!(MarkedWrite::from_value(&write.value()), Some(write));
            assert_eq!(
                write.entry().metadata.as_ref().and_then(MarkedWrite::number_in),
                Some(write.number())
            );
        }
        let mut torn = MarkedWrite::new(7).with_size(10).value().to_vec();
        torn.pop();
        assert_eq!(MarkedWrite::from_value(&Value::new(torn).unwrap()), None);
        assert_eq!(MarkedWrite::from_value(&Value::from_static(b"text")), None);
    }
}
