//! Entries and report of a bulk call.

use crate::types::{
    error::Error,
    invalid_input::InvalidInput,
    key::{IntoKey, Key},
    options::PutOptions,
    value::{IntoValue, Value},
};

/// Entry of a bulk write.
///
/// ```
/// use kv_core::{Metadata, PutEntry};
///
/// let entry = PutEntry::new("flag:dark", "on")?.with_options(Metadata::new(&7)?);
/// assert_eq!((entry.key.as_str(), &entry.value[..]), ("flag:dark", &b"on"[..]));
/// # Ok::<(), kv_core::InvalidInput>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PutEntry {
    /// The key.
    pub key: Key<'static>,
    /// The value.
    pub value: Value,
    /// Metadata and expiration.
    pub options: PutOptions,
}

impl PutEntry {
    /// Returns a write of `value` under `key`, without options.
    ///
    /// # Errors
    ///
    /// As [`Key::new`] and [`Value::new`].
    pub fn new<'k>(key: impl IntoKey<'k>, value: impl IntoValue) -> Result<Self, InvalidInput> {
        let key = key.into_key()?.into_owned();
        let value = value.into_value()?;
        Ok(Self { key, value, options: PutOptions::default() })
    }

    /// Sets metadata and expiration.
    #[must_use]
    pub fn with_options(mut self, options: impl Into<PutOptions>) -> Self {
        self.options = options.into();
        self
    }
}

/// Outcome of each item of a bulk write or bulk delete.
///
/// Items with equal keys are applied in the order given, so the last one wins; the earlier ones count as
/// succeeded.
#[derive(Debug, Clone, Default)]
#[must_use = "a bulk call may fail in part, and only the report says so"]
#[non_exhaustive]
pub struct BulkReport {
    /// Number of items that were applied.
    pub succeeded: usize,
    /// Items that were not applied, in the order given.
    pub failed: Vec<BulkFailure>,
}

impl BulkReport {
    /// Returns a report of `succeeded` items and no failure.
    pub const fn new(succeeded: usize) -> Self {
        Self { succeeded, failed: Vec::new() }
    }

    /// Adds the outcome of the item at `index`. For backends.
    pub fn add_outcome(&mut self, index: usize, key: &Key<'_>, outcome: Result<(), Error>) {
        match outcome {
            Ok(()) => self.succeeded += 1,
            Err(error) => self.failed.push(BulkFailure { index, key: key.clone().into_owned(), error }),
        }
    }

    /// `true` if every item was applied.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }

    /// Returns the number of items if every one was applied, else the first failure.
    ///
    /// # Errors
    ///
    /// The error of the first failure, with its key.
    pub fn into_result(self) -> Result<usize, Error> {
        match self.failed.into_iter().next() {
            None => Ok(self.succeeded),
            Some(failure) => Err(failure.error.with_key(&failure.key)),
        }
    }
}

/// Item of a bulk call that was not applied.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BulkFailure {
    /// Position in the call, from 0.
    pub index: usize,
    /// Key of the item.
    pub key: Key<'static>,
    /// Error of the item.
    pub error: Error,
}
