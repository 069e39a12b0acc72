//! Key-value namespace as a backend implements it, with the contract in words.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;

use crate::{
    contract::atomic::AtomicKv,
    types::{
        bulk::{BulkReport, PutEntry},
        entry::Entry,
        error::Result,
        key::Key,
        list::{options::ListOptions, page::ListPage},
        options::{GetOptions, PutOptions},
        value::Value,
    },
};

/// A key-value namespace, as a **backend** implements it. Callers use
/// [`KvNamespaceExt`](crate::KvNamespaceExt), whose methods every namespace has.
///
/// Hold one as `Arc<dyn KvNamespace>`: the same code then runs on every backend. `Arc<N>` and `Box<N>` are
/// themselves namespaces.
///
/// # The contract
///
/// The promises of the weakest backend. A stronger one documents on itself what it promises beyond.
///
/// **Limits.** They are in the types: no argument of an implementation breaks one, so it checks none.
///
/// **Reading.** A key that was never written, was removed or has expired reads as `None`; the three cannot be
/// told apart. [`Entry::expires_at`] is always filled in; [`Entry::metadata`] exactly when
/// [`GetOptions::metadata`] asks for it. The bytes are exactly those that were written.
///
/// **Writing.** A write replaces value, metadata and expiration together; options that are not set are
/// cleared. A rejected write leaves the old entry as it was. Removing an absent key succeeds.
///
/// **Expiry.** An entry is gone for every operation, [`list_page`](KvNamespace::list_page) too, from the
/// second of its expiry on (`expires_at <= now`), by the backend's clock. Reclaiming its space later is not
/// visible.
///
/// **Listing.** Keys come in ascending order of their bytes, each once, with expiry and metadata. The prefix
/// is literal. A page may hold fewer keys than its limit, even none, and still not be the last: only
/// `next == None` says that. A cursor stays valid while keys come and go, its own too: keys that exist
/// throughout a listing are in it, those that come or go meanwhile may be. With another prefix it is rejected
/// as [`InvalidInput`](crate::ErrorKind::InvalidInput).
///
/// **Consistency.** The last writer wins. A write may become visible to other clients after it was
/// acknowledged, and an absence that was read may be cached. Writes of different keys are not ordered.
///
/// **Bulk calls.** They are not atomic: each item is applied or not by itself, and the [`BulkReport`] says
/// which failed. Items with equal keys are applied in the order given, so the last one wins. They fail as a
/// whole only if nothing was attempted.
///
/// **Idempotence.** Every call of this trait may be repeated. A repeated write starts its TTL again, and
/// replaces what others wrote in the meantime.
///
/// **Cancellation.** Dropping a future never leaves an entry half written. A write that was dropped may still
/// be applied, later; a bulk call that was dropped may have applied some of its items.
///
/// **Deletion of the namespace.** Every later operation through any handle, pages of a listing under way too,
/// fails with [`NamespaceNotFound`](crate::ErrorKind::NamespaceNotFound). A namespace created again under the
/// title is another one.
///
/// # Implementing it
///
/// Four methods are required. The three bulk methods are loops over them: override them where the backend has
/// something better, and always in a wrapper, or the inner namespace's better ones are lost
/// (`#[deny(clippy::missing_trait_methods)]` on the impl sees to it). `kv_testkit::conformance!` then proves
/// the contract, point by point.
#[async_trait]
pub trait KvNamespace: Debug + Send + Sync + 'static {
    /// Returns the entry under `key`, or `None` if it is absent or has expired.
    ///
    /// # Errors
    ///
    /// [`NamespaceNotFound`](crate::ErrorKind::NamespaceNotFound), [`Closed`](crate::ErrorKind::Closed),
    /// [`Unavailable`](crate::ErrorKind::Unavailable), and other errors of the backend.
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>>;

    /// Writes `value` and `options` as the entry under `key`. They replace the whole old entry.
    ///
    /// # Errors
    ///
    /// As [`read`](KvNamespace::read).
    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()>;

    /// Removes the entry under `key`, if there is one.
    ///
    /// # Errors
    ///
    /// As [`read`](KvNamespace::read).
    async fn remove(&self, key: Key<'_>) -> Result<()>;

    /// Returns one page of the keys that start with the options' prefix.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the cursor belongs to another prefix; else as
    /// [`read`](KvNamespace::read).
    async fn list_page(&self, options: ListOptions) -> Result<ListPage>;

    /// Returns the entries under `keys` in the order of the keys. A key may be given twice.
    ///
    /// # Errors
    ///
    /// As [`read`](KvNamespace::read); of several failures, one.
    async fn read_many(&self, keys: Vec<Key<'static>>, options: GetOptions) -> Result<Vec<Option<Entry>>> {
        let mut entries = Vec::with_capacity(keys.len());
        for key in keys {
            entries.push(self.read(key, options).await?);
        }
        Ok(entries)
    }

    /// Writes `entries` in the order given.
    ///
    /// # Errors
    ///
    /// Those of single items are in the report. `Err` means that nothing was attempted.
    async fn write_many(&self, entries: Vec<PutEntry>) -> Result<BulkReport> {
        let mut report = BulkReport::default();
        for (index, PutEntry { key, value, options }) in entries.into_iter().enumerate() {
            let outcome = self.write(key.as_borrowed(), value, options).await;
            report.add_outcome(index, &key, outcome);
        }
        Ok(report)
    }

    /// Removes the entries under `keys`. An absent one counts as removed.
    ///
    /// # Errors
    ///
    /// As [`write_many`](KvNamespace::write_many).
    async fn remove_many(&self, keys: Vec<Key<'static>>) -> Result<BulkReport> {
        let mut report = BulkReport::default();
        for (index, key) in keys.iter().enumerate() {
            let outcome = self.remove(key.as_borrowed()).await;
            report.add_outcome(index, key, outcome);
        }
        Ok(report)
    }

    /// Returns the same namespace with conditional writes, if it has them: the way from
    /// `Arc<dyn KvNamespace>` to [`AtomicKv`]. A backend that implements `AtomicKv` answers `Some(self)`.
    ///
    /// `Arc<Arc<dyn KvNamespace>>` leads there too. A `Box` inside an `Arc` that has other owners does not,
    /// since it cannot be taken out: hold an `Arc` to begin with.
    fn into_atomic(self: Arc<Self>) -> Option<Arc<dyn AtomicKv>> {
        None
    }
}
