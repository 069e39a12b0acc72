//! Where a subject and the model differ.

use std::fmt;

use kv_core::{Entry, KeyInfo};
use proptest::test_runner::TestCaseError;

use crate::model::records::Record;

/// Where a subject and the model differ, in words.
#[derive(Debug)]
pub(super) struct Mismatch(String);

pub(super) type Outcome<T = ()> = Result<T, Mismatch>;

impl Mismatch {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// Says which operation of a sequence shows it, counted from 1.
    pub(super) fn at(self, number: usize, name: &str) -> Self {
        Self(format!("operation {number} ({name}): {}", self.0))
    }
}

impl From<kv_core::Error> for Mismatch {
    fn from(error: kv_core::Error) -> Self {
        Self(format!("the backend failed ({}): {error}", error.kind()))
    }
}

impl From<kv_core::InvalidInput> for Mismatch {
    fn from(invalid: kv_core::InvalidInput) -> Self {
        kv_core::Error::from(invalid).into()
    }
}

impl From<Mismatch> for TestCaseError {
    fn from(mismatch: Mismatch) -> Self {
        Self::fail(mismatch.0)
    }
}

/// Fails unless both are equal.
pub(super) fn same<T: PartialEq + fmt::Debug>(what: &str, model: &T, subject: &T) -> Outcome {
    if model == subject {
        return Ok(());
    }
    Err(Mismatch(format!("{what} differs: {} in the model, {} in the subject", brief(model), brief(subject))))
}

/// Fails unless `entry` is the `record` under `key`; its metadata counts where it was asked for, and must be missing
/// elsewhere.
pub(super) fn same_entry(
    key: &str,
    record: Option<&Record>,
    entry: Option<&Entry>,
    metadata: bool,
) -> Outcome {
    match (record, entry) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Mismatch(format!("{key:?} is absent in the model, and the subject has it"))),
        (Some(_), None) => Err(Mismatch(format!("{key:?} is in the model, and absent in the subject"))),
        (Some(record), Some(entry)) => {
            same(&format!("the value of {key:?}"), &&record.value[..], &&entry.value[..])?;
            let expected = record.metadata.as_deref().filter(|_| metadata);
            let found = entry.metadata.as_ref().map(kv_core::Metadata::as_str);
            same(&format!("the metadata of {key:?}"), &expected, &found)?;
            let found = entry.expires_at.map(kv_core::Timestamp::as_secs);
            same(&format!("the deadline of {key:?}"), &record.expires_at, &found)
        }
    }
}

/// Fails unless `info` says of a key what `record` does.
pub(super) fn same_info(key: &str, record: &Record, info: &KeyInfo) -> Outcome {
    same("the listed key", &key, &info.name.as_str())?;
    let found = info.metadata.as_ref().map(kv_core::Metadata::as_str);
    same(&format!("the listed metadata of {key:?}"), &record.metadata.as_deref(), &found)?;
    let found = info.expires_at.map(kv_core::Timestamp::as_secs);
    same(&format!("the listed deadline of {key:?}"), &record.expires_at, &found)
}

/// Large values would bury the rest of the message.
fn brief(shown: &impl fmt::Debug) -> String {
    let text = format!("{shown:?}");
    match text.char_indices().nth(200) {
        None => text,
        Some((end, _)) => format!("{}… ({} bytes of text)", text.get(..end).unwrap_or_default(), text.len()),
    }
}
