//! The capability of conditional writes.

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
/// It is a capability of its own: `kv-memory` (unbounded) and `kv-redb` have it. Cloudflare's service has no
/// conditional writes, so a client of it is no `AtomicKv`, and code that needs one does not compile against it.
///
/// Beyond [`KvNamespace`] it promises that single keys are linearizable: a read sees every write that was answered
/// before it began, and of conditional writes that expect the same version one at most is applied.
///
/// An entry that has expired is absent, swept or not: [`Expected::Absent`] holds, [`Expected::Version`] does not. The
/// calls of this trait cannot be repeated to the same effect: the second one finds what the first one wrote.
#[async_trait]
pub trait AtomicKv: KvNamespace {
    /// The entry under `key`, its metadata filled in, with its version; `None` if it is absent or has expired.
    ///
    /// # Errors
    ///
    /// As [`KvNamespace::read`].
    async fn read_versioned(&self, key: Key<'_>) -> Result<Option<(Entry, Version)>>;

    /// Writes as [`KvNamespace::write`] does, if what is under `key` is what is expected.
    ///
    /// # Errors
    ///
    /// As [`KvNamespace::read`]. A conflict is no error.
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
    /// As [`KvNamespace::read`]. A conflict is no error, and neither is an absent key, which is a conflict.
    async fn remove_if(&self, key: Key<'_>, expected: Version) -> Result<Conditional>;
}
