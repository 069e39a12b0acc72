//! Conditional writes of a typed collection.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    calls::{
        atomic_ext::{AtomicKvExt, Change},
        typed_kv::{TypedKv, decode},
    },
    contract::atomic::AtomicKv,
    types::{
        entry::Entry,
        error::Result,
        options::PutOptions,
        value::Value,
        version::{Conditional, Expected, Version},
    },
};

impl<T: Serialize + DeserializeOwned + Send, N: AtomicKv> TypedKv<T, N> {
    /// Returns the record `id` with metadata and expiry, and its version.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let scores = MemoryNamespace::new().typed::<u32>().with_prefix("score:")?;
    /// scores.put("ada", &7).await?;
    /// let (entry, _version) = scores.get_versioned("ada").await?.unwrap();
    /// assert_eq!(entry.value, 7);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_versioned(
        &self,
        id: impl AsRef<str>,
    ) -> impl Future<Output = Result<Option<(Entry<T>, Version)>>> + Send {
        let key = self.key(id);
        async move {
            let key = key?;
            let Some((entry, version)) = self.namespace.read_versioned(key.as_borrowed()).await? else {
                return Ok(None);
            };
            Ok(Some((decode("get_versioned", &key, entry)?, version)))
        }
    }

    /// Puts `record` if the record `id` is the expected one: none for [`Expected::Absent`], or that of a
    /// [`Version`].
    ///
    /// ```
    /// # use kv_core::{Conditional, Expected, PutOptions};
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let scores = MemoryNamespace::new().typed::<u32>().with_prefix("score:")?;
    /// let first = scores.put_if("ada", Expected::Absent, &7, PutOptions::default()).await?;
    /// let Conditional::Applied(version) = first else { panic!("no other writer") };
    /// scores.put("ada", &9).await?;
    /// let late = scores.put_if("ada", version, &8, PutOptions::default()).await?;
    /// assert_eq!(late, Conditional::Conflict);
    /// # Ok(())
    /// # }
    /// ```
    pub fn put_if(
        &self,
        id: impl AsRef<str>,
        expected: impl Into<Expected>,
        record: &T,
        options: impl Into<PutOptions>,
    ) -> impl Future<Output = Result<Conditional>> + Send {
        let key = self.key(id);
        let expected = expected.into();
        let value = Value::from_json(record);
        let options = options.into();
        async move {
            let key = key?;
            let value = value.map_err(|error| error.with_key(&key).with_operation("put_if"))?;
            self.namespace.write_if(key, expected, value, options).await
        }
    }

    /// Deletes the record `id` if it is the `expected` one. An absent one is a conflict.
    ///
    /// ```
    /// # use kv_core::Conditional;
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let scores = MemoryNamespace::new().typed::<u32>().with_prefix("score:")?;
    /// scores.put("ada", &7).await?;
    /// let (_, version) = scores.get_versioned("ada").await?.unwrap();
    /// assert!(matches!(scores.delete_if("ada", version).await?, Conditional::Applied(_)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_if(
        &self,
        id: impl AsRef<str>,
        expected: Version,
    ) -> impl Future<Output = Result<Conditional>> + Send {
        let key = self.key(id);
        async move { self.namespace.remove_if(key?, expected).await }
    }

    /// Updates the record `id` as [`AtomicKvExt::update`] does an entry. Returns the record afterwards.
    ///
    /// It is the way to renew a TTL: a get and a put after it would bring back a record that was deleted in
    /// between.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use kv_core::{Change, Expiration, prelude::*};
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// let sessions = kv.typed::<String>().with_prefix("session:")?;
    /// let hour = Expiration::after(Duration::from_secs(3_600))?;
    /// let renewed = sessions
    ///     .update("17", |session| {
    ///         Ok(session.map_or(Change::Keep, |session| Change::Put(session.value, hour.into())))
    ///     })
    ///     .await?;
    /// assert_eq!(renewed, None, "no such session");
    /// # Ok(())
    /// # }
    /// ```
    pub fn update(
        &self,
        id: impl AsRef<str>,
        mut decide: impl FnMut(Option<Entry<T>>) -> Result<Change<T>> + Send,
    ) -> impl Future<Output = Result<Option<T>>> + Send {
        let key = self.key(id);
        async move {
            let key = key?;
            // Returned as it was put: decoding it from its JSON could fail, after the write.
            let mut put = None;
            let update = self.namespace.update(&key, |entry| {
                put = None;
                Ok(match decide(entry.map(|entry| decode("update", &key, entry)).transpose()?)? {
                    Change::Keep => Change::Keep,
                    Change::Delete => Change::Delete,
                    Change::Put(record, options) => {
                        let value = Value::from_json(&record)
                            .map_err(|error| error.with_key(&key).with_operation("update"))?;
                        put = Some(record);
                        Change::Put(value, options)
                    }
                })
            });
            let after = update.await?;
            if put.is_some() {
                return Ok(put);
            }
            Ok(after
                .map(|value| decode("update", &key, Entry::new(value)))
                .transpose()?
                .map(|entry| entry.value))
        }
    }
}
