//! What an update decides.

use crate::types::{error::Result, into_value::IntoValue, put_options::PutOptions, value::Value};

/// What an update decides to do with what it found; see [`AtomicKvExt::update`](crate::AtomicKvExt::update).
///
/// `V` is [`Value`], or the record's own type from a [`TypedKv`](crate::TypedKv).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<V = Value> {
    /// Leave everything as it is.
    Keep,
    /// Delete the entry.
    Delete,
    /// Make this the entry. It replaces value, metadata and expiration; carry the deadline on with
    /// [`Expiration::of`](crate::Expiration::of).
    Put(V, PutOptions),
}

impl Change {
    /// Put `value`, without options.
    ///
    /// # Errors
    ///
    /// As [`Value::new`].
    pub fn put(value: impl IntoValue) -> Result<Self> {
        Ok(Self::Put(value.into_value()?, PutOptions::default()))
    }
}
