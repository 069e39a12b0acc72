//! Conditional writes for callers: `AtomicKvExt`, and the change that an update makes.

use crate::{
    contract::atomic::AtomicKv,
    types::{
        entry::Entry,
        error::Result,
        key::{IntoKey, Key},
        options::PutOptions,
        value::{IntoValue, Value},
        version::{Conditional, Expected, Version},
    },
};

/// Conditional writes for **callers**. Every [`AtomicKv`] has these methods; the trait cannot be implemented
/// otherwise.
pub trait AtomicKvExt: AtomicKv {
    /// Returns the whole entry under `key` with its version.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// kv.put("job", "queued").await?;
    /// let (_, first) = kv.get_versioned("job").await?.unwrap();
    /// kv.put("job", "queued").await?;
    /// let (_, second) = kv.get_versioned("job").await?.unwrap();
    /// assert_ne!(first, second);
    /// # Ok(())
    /// # }
    /// ```
    fn get_versioned<'a>(
        &'a self,
        key: impl IntoKey<'a>,
    ) -> impl Future<Output = Result<Option<(Entry, Version)>>> + Send {
        let key = key.into_key();
        async move { self.read_versioned(key?).await }
    }

    /// Puts `value` if the entry under `key` is the expected one: none for [`Expected::Absent`], or that of a
    /// [`Version`].
    ///
    /// ```
    /// # use kv_core::{Conditional, Expected, PutOptions, prelude::*};
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// let won = kv.put_if("lock", Expected::Absent, "me", PutOptions::default()).await?;
    /// assert!(matches!(won, Conditional::Applied(_)));
    /// let lost = kv.put_if("lock", Expected::Absent, "you", PutOptions::default()).await?;
    /// assert_eq!(lost, Conditional::Conflict);
    /// # Ok(())
    /// # }
    /// ```
    fn put_if<'a>(
        &'a self,
        key: impl IntoKey<'a>,
        expected: impl Into<Expected>,
        value: impl IntoValue,
        options: impl Into<PutOptions>,
    ) -> impl Future<Output = Result<Conditional>> + Send {
        let key = key.into_key();
        let expected = expected.into();
        let value = value.into_value();
        let options = options.into();
        async move { self.write_if(key?, expected, value?, options).await }
    }

    /// Deletes the entry under `key` if it is the `expected` one. An absent key is a conflict.
    ///
    /// ```
    /// # use kv_core::{Conditional, prelude::*};
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// kv.put("job", "done").await?;
    /// let (_, version) = kv.get_versioned("job").await?.unwrap();
    /// assert!(matches!(kv.delete_if("job", version).await?, Conditional::Applied(_)));
    /// # Ok(())
    /// # }
    /// ```
    fn delete_if<'a>(
        &'a self,
        key: impl IntoKey<'a>,
        expected: Version,
    ) -> impl Future<Output = Result<Conditional>> + Send {
        let key = key.into_key();
        async move { self.remove_if(key?, expected).await }
    }

    /// Reads the entry under `key`, passes it to `decide`, and applies the [`Change`] unless the entry was
    /// written in the meantime; then it starts again with the new entry. Returns the value afterwards.
    ///
    /// `decide` may run several times, so it should have no side effects. One of the competing updates always
    /// succeeds, but under contention on one key others may go first for a while: drop the future to give up.
    /// An error of `decide` ends the update, and nothing is written.
    ///
    /// ```
    /// # use kv_core::{Change, prelude::*};
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// for _ in 0..3 {
    ///     kv.update("visits", |entry| {
    ///         let visits: u64 = entry.map_or(Ok(0), |entry| entry.value.json())?;
    ///         Change::put((visits + 1).to_string())
    ///     })
    ///     .await?;
    /// }
    /// assert_eq!(kv.get_json::<u64>("visits").await?, Some(3));
    /// # Ok(())
    /// # }
    /// ```
    fn update<'a>(
        &'a self,
        key: impl IntoKey<'a>,
        decide: impl FnMut(Option<Entry>) -> Result<Change> + Send,
    ) -> impl Future<Output = Result<Option<Value>>> + Send {
        let key = key.into_key();
        async move { update(self, &key?, decide).await }
    }
}

impl<N: AtomicKv + ?Sized> AtomicKvExt for N {}

async fn update<N: AtomicKv + ?Sized>(
    namespace: &N,
    key: &Key<'_>,
    mut decide: impl FnMut(Option<Entry>) -> Result<Change> + Send,
) -> Result<Option<Value>> {
    loop {
        let (current, version) = namespace.read_versioned(key.as_borrowed()).await?.unzip();
        let found = current.as_ref().map(|entry| entry.value.clone());
        let (outcome, after) = match (decide(current)?, version) {
            (Change::Keep, _) => return Ok(found),
            (Change::Delete, None) => return Ok(None),
            (Change::Delete, Some(version)) => (namespace.remove_if(key.as_borrowed(), version).await?, None),
            (Change::Put(value, options), version) => {
                let expected = version.map_or(Expected::Absent, Expected::Version);
                (namespace.write_if(key.as_borrowed(), expected, value.clone(), options).await?, Some(value))
            }
        };
        if let Conditional::Applied(_) = outcome {
            return Ok(after);
        }
    }
}

/// Decision of an update on the entry that it found; see [`AtomicKvExt::update`](crate::AtomicKvExt::update).
///
/// `V` is [`Value`], or the record's own type from a [`TypedKv`](crate::TypedKv).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<V = Value> {
    /// Leaves the entry as it is.
    Keep,
    /// Deletes the entry.
    Delete,
    /// Replaces the entry: value, metadata and expiration. [`Expiration::of`](crate::Expiration::of) keeps
    /// the expiry.
    Put(V, PutOptions),
}

impl Change {
    /// Returns a change that puts `value`, without options.
    ///
    /// # Errors
    ///
    /// As [`Value::new`].
    pub fn put(value: impl IntoValue) -> Result<Self> {
        Ok(Self::Put(value.into_value()?, PutOptions::default()))
    }
}
