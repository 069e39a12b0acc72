//! Writes that can be told apart by what they leave.

use kv_core::{Entry, Key, Metadata, PutEntry, PutOptions, Value};

use crate::history::event::{State, WriteId};

/// A write whose value and metadata say which one it is, all over, so that a mixture of two shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) write: WriteId,
    /// The length of the value, at least.
    pub(super) len: usize,
}

impl Mark {
    pub(super) fn value(self) -> Value {
        let mut bytes = format!("#{} {}:", self.write, self.len).into_bytes();
        let filler = (self.write % 251).to_le_bytes()[0];
        bytes.resize(bytes.len().max(self.len), filler);
        Value::new(bytes).expect("the marks of histories are short")
    }

    pub(super) fn options(self) -> PutOptions {
        PutOptions::from(Metadata::new(&self.write).expect("a number is valid metadata"))
    }

    pub(super) fn put(self, key: &Key<'_>) -> PutEntry {
        let entry = PutEntry::new(key, self.value()).expect("the marks of histories are valid entries");
        entry.with_options(self.options())
    }

    fn of(value: &Value) -> Option<Self> {
        let text = value.strip_prefix(b"#")?;
        let head = text.split(|byte| *byte == b':').next()?;
        let (write, len) = std::str::from_utf8(head).ok()?.split_once(' ')?;
        Some(Self { write: write.parse().ok()?, len: len.parse().ok()? })
    }
}

/// Number of the write that made `entry`; an error if no write can have made all of it.
pub(super) fn writer(entry: Option<&Entry>, with_metadata: bool) -> Result<State, String> {
    let Some(entry) = entry else { return Ok(None) };
    let mark = Mark::of(&entry.value).filter(|mark| mark.value() == entry.value);
    let Some(mark) = mark else {
        return Err(format!("a read answered {} bytes that no write wrote", entry.value.len()));
    };
    let expected = mark.options().metadata.filter(|_| with_metadata);
    if entry.metadata != expected || entry.expires_at.is_some() {
        let Mark { write, .. } = mark;
        return Err(format!(
            "a read answered the value of write #{write} with what another write set beside it"
        ));
    }
    Ok(Some(mark.write))
}

/// Number of the write that set `metadata`, as a listing shows it.
pub(super) fn writer_by_metadata(metadata: Option<&Metadata>) -> Result<State, String> {
    let write = metadata.and_then(|metadata| metadata.as_str().parse().ok());
    write.map(Some).ok_or_else(|| "a listing showed an entry with metadata that no write set".to_owned())
}
