//! The contract, as a backend implements it.

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
/// Hold one as `Arc<dyn KvNamespace>`: the same code then runs on every backend. `Arc<N>` and `Box<N>` are themselves
/// namespaces.
///
/// # The contract
///
/// This is what the weakest backend promises; a stronger one says on itself what it promises beyond.
///
/// **Limits.** They are in the types, so an implementation is never handed anything that breaks one, and checks none.
///
/// **Reading.** A key that was never written, was removed or has expired reads as `None`; the three cannot be told
/// apart. [`Entry::expires_at`] is always filled in; [`Entry::metadata`] exactly when
/// [`GetOptions::metadata`] asks for it. The bytes are those that were written, whatever they are.
///
/// **Writing.** A write replaces value, metadata and expiration together: what it does not set is cleared. A write that
/// is refused leaves the old entry as it was. Removing an absent key succeeds.
///
/// **Expiry.** An entry is gone for every operation, [`list_page`](KvNamespace::list_page) too, from the second of its
/// deadline on (`expires_at <= now`), by the backend's clock. Whether its space has been reclaimed shows nowhere.
///
/// **Listing.** Keys come in ascending order of their bytes, each once, with deadline and metadata. The prefix is
/// literal. A page may hold fewer keys than its limit, even none, and still not be the last: only `next == None` says
/// that. A cursor stays good while keys come and go, its own too: keys that exist throughout a listing are in it, those
/// that come or go meanwhile may be. It is refused ([`InvalidInput`](crate::ErrorKind::InvalidInput)) with another prefix.
///
/// **Consistency.** The last writer wins. A write may become visible elsewhere later than its answer, and an absence
/// that was read may be remembered for a while. Nothing orders writes of different keys.
///
/// **Bulk calls.** They are not atomic: each item is applied or not by itself, and the [`BulkReport`] says which
/// failed. Items with equal keys are applied in the order given, so the last one wins. They fail as a whole only if
/// nothing was attempted.
///
/// **Repetition.** Every call of this trait may be repeated to the same effect, but that a time to live then counts anew,
/// and that a write repeated later replaces what others wrote meanwhile.
///
/// **Cancellation.** Dropping a future never leaves an entry half written. A write that was dropped may still be
/// applied, later; a bulk call that was dropped may have applied some of its items.
///
/// **Deletion of the namespace.** Every later operation through any handle, pages of a listing under way too, fails with
/// [`NamespaceNotFound`](crate::ErrorKind::NamespaceNotFound). A namespace created again under the title is another one.
///
/// # Implementing it
///
/// Four methods are required. The three bulk methods are loops over them: override them where the backend has
/// something better, and always in a wrapper, or the inner namespace's better ones are lost (`#[deny(clippy::missing_trait_methods)]`
/// on the impl sees to it). `kv_testkit::conformance!` then proves the contract, point by point.
#[async_trait]
pub trait KvNamespace: Debug + Send + Sync + 'static {
    /// The entry under `key`, or `None` if it is absent or has expired.
    ///
    /// # Errors
    ///
    /// [`NamespaceNotFound`](crate::ErrorKind::NamespaceNotFound), [`Closed`](crate::ErrorKind::Closed),
    /// [`Unavailable`](crate::ErrorKind::Unavailable), and what else the backend may meet.
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>>;

    /// Makes `value`, with what `options` set, the entry under `key`. It replaces all of the old one.
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

    /// One page of the keys that start with the options' prefix.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the cursor belongs to another prefix; else as
    /// [`read`](KvNamespace::read).
    async fn list_page(&self, options: ListOptions) -> Result<ListPage>;

    /// The entries under `keys`, each at its key's place. A key may be given twice.
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
            report.record(index, &key, outcome);
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
            report.record(index, key, outcome);
        }
        Ok(report)
    }

    /// The same namespace with conditional writes, if it has them: the way from `Arc<dyn KvNamespace>` to
    /// [`AtomicKv`]. A backend that implements `AtomicKv` answers `Some(self)`.
    ///
    /// `Arc<Arc<dyn KvNamespace>>` leads there too. A `Box` inside an `Arc` that has other owners does not, since it cannot
    /// be taken out: hold an `Arc` to begin with.
    fn into_atomic(self: Arc<Self>) -> Option<Arc<dyn AtomicKv>> {
        None
    }
}
