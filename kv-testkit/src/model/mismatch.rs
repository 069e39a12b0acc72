//! Mismatches between a backend and the model, in words.

use std::fmt;

use kv_core::{Entry, KeyInfo};
use proptest::test_runner::TestCaseError;

use crate::{model::namespace_model::ModelEntry, support::version_log::VersionConflict};

/// Mismatch between a backend and the model: one sentence for the author of the backend.
#[derive(Debug)]
pub(super) struct Mismatch(String);

/// Result of a comparison.
pub(super) type Checked<T = ()> = Result<T, Mismatch>;

impl Mismatch {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// Puts the place in the sequence before the sentence.
    pub(super) fn at(self, place: impl fmt::Display) -> Self {
        Self(format!("{place}: {}", self.0))
    }

    /// Describes a contradiction between versions of `key`.
    pub(super) fn of_versions(key: &str, conflict: VersionConflict<u64>) -> Self {
        Self(match conflict {
            VersionConflict::TwoVersions(_) => format!("the version of {key:?} changed without a write"),
            VersionConflict::SameVersion(..) => format!("two writes of {key:?} took the same version"),
        })
    }
}

impl From<kv_core::Error> for Mismatch {
    fn from(error: kv_core::Error) -> Self {
        Self(format!("the backend returned an error ({}): {error}", error.kind()))
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
pub(super) fn check_equal<T: PartialEq + fmt::Debug>(what: &str, model: &T, backend: &T) -> Checked {
    if model == backend {
        return Ok(());
    }
    Err(Mismatch(format!("{what}: expected {}, the backend has {}", brief(model), brief(backend))))
}

/// Fails unless `found` is the entry `expected` under `key`, with its metadata if that was asked for and
/// without it otherwise.
pub(super) fn check_entry(
    key: &str,
    expected: Option<&ModelEntry>,
    found: Option<&Entry>,
    with_metadata: bool,
) -> Checked {
    match (expected, found) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Mismatch(format!("{key:?} should be absent, and the backend has an entry"))),
        (Some(_), None) => Err(Mismatch(format!("{key:?} should be there, and the backend has no entry"))),
        (Some(expected), Some(found)) => {
            check_equal(&format!("the value of {key:?}"), &&expected.value[..], &&found.value[..])?;
            let metadata = expected.metadata.as_deref().filter(|_| with_metadata);
            let found_metadata = found.metadata.as_ref().map(kv_core::Metadata::as_str);
            check_equal(&format!("the metadata of {key:?}"), &metadata, &found_metadata)?;
            let found_expiry = found.expires_at.map(kv_core::Timestamp::as_secs);
            check_equal(&format!("`expires_at` of {key:?}"), &expected.expires_at, &found_expiry)
        }
    }
}

/// Fails unless `found` is how a listing shows the entry `expected` under `key`.
pub(super) fn check_info(key: &str, expected: &ModelEntry, found: &KeyInfo) -> Checked {
    check_equal("the next listed key", &key, &found.name.as_str())?;
    let found_metadata = found.metadata.as_ref().map(kv_core::Metadata::as_str);
    check_equal(&format!("the listed metadata of {key:?}"), &expected.metadata.as_deref(), &found_metadata)?;
    let found_expiry = found.expires_at.map(kv_core::Timestamp::as_secs);
    check_equal(&format!("the listed `expires_at` of {key:?}"), &expected.expires_at, &found_expiry)
}

/// Shortens what is shown: a large value would bury the rest of the message.
fn brief(shown: &impl fmt::Debug) -> String {
    let text = format!("{shown:?}");
    match text.char_indices().nth(200) {
        None => text,
        Some((end, _)) => format!("{}… ({} bytes of text)", text.get(..end).unwrap_or_default(), text.len()),
    }
}
