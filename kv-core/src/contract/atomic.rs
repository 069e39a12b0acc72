//! Conditional writes, a capability that a backend may have.

use async_trait::async_trait;

use crate::{
    contract::namespace::KvNamespace,
    types::{
        entry::Entry,
        error::Result,
        key::Key,
        options::PutOptions,
        value::Value,
        version::{Conditional, Expected, Version},
    },
};

/// A namespace with conditional writes, as a **backend** implements it. Callers use
/// [`AtomicKvExt`](crate::AtomicKvExt).
///
/// A separate capability: `kv-memory` (unbounded) and `kv-redb` have it. Cloudflare's service has no
/// conditional writes, so its client does not implement `AtomicKv`, and code that needs one does not compile
/// against it.
///
/// Beyond [`KvNamespace`] it promises that single keys are linearizable: a read sees every write that was
/// acknowledged before it began, and of conditional writes that expect the same version one at most is
/// applied.
///
/// An entry that has expired is absent, swept or not: [`Expected::Absent`] holds, [`Expected::Version`] does
/// not. The writes of this trait are not idempotent: a second one finds the result of the first.
#[async_trait]
pub trait AtomicKv: KvNamespace {
    /// Returns the entry under `key`, with its metadata and its version; `None` if it is absent or has
    /// expired.
    ///
    /// # Errors
    ///
    /// As [`KvNamespace::read`].
    async fn read_versioned(&self, key: Key<'_>) -> Result<Option<(Entry, Version)>>;

    /// Writes as [`KvNamespace::write`] does, if the entry under `key` is the expected one.
    ///
    /// # Errors
    ///
    /// As [`KvNamespace::read`]. A conflict is not an error.
    async fn write_if(
        &self,
        key: Key<'_>,
        expected: Expected,
        value: Value,
        options: PutOptions,
    ) -> Result<Conditional>;

    /// Removes the entry under `key`, if it is the `expected` one.
    ///
    /// # Errors
    ///
    /// As [`KvNamespace::read`]. A conflict is not an error; an absent key is a conflict.
    async fn remove_if(&self, key: Key<'_>, expected: Version) -> Result<Conditional>;
}
