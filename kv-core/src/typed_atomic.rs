//! Conditional writes of records.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    AtomicKv, AtomicKvExt, Change, Conditional, Entry, Expected, PutOptions, Result, TypedKv, Value, Version,
    typed::decode,
};

impl<T: Serialize + DeserializeOwned + Send, N: AtomicKv> TypedKv<T, N> {
    /// The record `id`, with metadata and deadline, and its version.
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
            Ok(Some((decode(&key, entry)?, version)))
        }
    }

    /// Puts `record` if what is under `id` is what is expected: [`Expected::Absent`], or a [`Version`].
    pub fn put_if(
        &self,
        id: impl AsRef<str>,
        expected: impl Into<Expected>,
        record: &T,
        options: impl Into<PutOptions>,
    ) -> impl Future<Output = Result<Conditional>> + Send {
        let (key, expected, value, options) = (
            self.key(id),
            expected.into(),
            Value::from_json(record),
            options.into(),
        );
        async move {
            let key = key?;
            let value = value.map_err(|error| error.with_key(&key).with_operation("put_if"))?;
            self.namespace.write_if(key, expected, value, options).await
        }
    }

    /// Deletes the record `id` if it is the `expected` one. An absent one is a conflict.
    pub fn delete_if(
        &self,
        id: impl AsRef<str>,
        expected: Version,
    ) -> impl Future<Output = Result<Conditional>> + Send {
        let key = self.key(id);
        async move { self.namespace.remove_if(key?, expected).await }
    }

    /// As [`AtomicKvExt::update`], with records: answers the record that is there afterwards.
    ///
    /// This is how a time to live is renewed. A get and then a put would bring back a record that somebody deleted in
    /// between:
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
    /// assert_eq!(renewed, None, "nobody is logged in");
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
            let update = self.namespace.update(&key, |entry| {
                Ok(
                    match decide(entry.map(|entry| decode(&key, entry)).transpose()?)? {
                        Change::Keep => Change::Keep,
                        Change::Delete => Change::Delete,
                        Change::Put(record, options) => {
                            let value = Value::from_json(&record);
                            Change::Put(
                                value.map_err(|error| error.with_key(&key).with_operation("update"))?,
                                options,
                            )
                        }
                    },
                )
            });
            let after = update.await?;
            Ok(after
                .map(|value| decode(&key, Entry::new(value)))
                .transpose()?
                .map(|entry| entry.value))
        }
    }
}
