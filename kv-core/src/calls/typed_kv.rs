//! Typed collection: records of one type, kept as JSON under a prefix.

use std::{fmt, marker::PhantomData};

use futures_core::Stream;
use futures_util::TryStreamExt;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    calls::{namespace_ext::KvNamespaceExt, record_info::RecordInfo},
    contract::namespace::KvNamespace,
    types::{
        bulk::BulkReport,
        entry::Entry,
        error::Result,
        invalid_input::InvalidInput,
        key::Key,
        list::prefix::Prefix,
        options::{GetOptions, PutOptions},
        value::Value,
    },
};

/// A collection of records of type `T` in a namespace, under a prefix of its own.
///
/// A record's key is the prefix and the record's id, its value is the record's JSON, so a Worker reads it
/// with `type: "json"`. Make one with [`KvNamespaceExt::typed`]; over an [`AtomicKv`](crate::AtomicKv) it has
/// conditional writes too. Errors are those of [`KvNamespaceExt`]; a record that is not the JSON of a `T` is
/// [`Codec`](crate::ErrorKind::Codec), with its key.
///
/// ```
/// use kv_core::prelude::*;
/// use kv_memory::MemoryNamespace;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Session {
///     user: String,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> kv_core::Result<()> {
/// # let kv = MemoryNamespace::new();
/// let sessions = kv.typed::<Session>().with_prefix("session:")?;
/// sessions.put("17", &Session { user: "ada".into() }).await?;
/// assert_eq!(sessions.get("17").await?.unwrap().user, "ada");
/// # Ok(())
/// # }
/// ```
pub struct TypedKv<T, N> {
    pub(crate) namespace: N,
    prefix: Prefix,
    records: PhantomData<fn() -> T>,
}

impl<T, N> TypedKv<T, N> {
    /// Returns the records of `namespace`, without a prefix.
    #[must_use]
    pub fn new(namespace: N) -> Self {
        Self { namespace, prefix: Prefix::default(), records: PhantomData }
    }

    /// Sets the prefix of every record's key.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::PrefixTooLong`]. An id that makes a key too long is rejected when it is used.
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Result<Self, InvalidInput> {
        self.prefix = Prefix::new(prefix)?;
        Ok(self)
    }

    /// Returns the key of the record `id`.
    ///
    /// # Errors
    ///
    /// As [`Key::new`].
    pub fn key(&self, id: impl AsRef<str>) -> Result<Key<'static>, InvalidInput> {
        Key::new([self.prefix.as_str(), id.as_ref()].concat())
    }

    fn keys<I: AsRef<str>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Result<Vec<Key<'static>>, InvalidInput> {
        ids.into_iter().map(|id| self.key(id)).collect()
    }

    /// Returns the namespace that holds the records.
    #[must_use]
    pub fn namespace(&self) -> &N {
        &self.namespace
    }
}

impl<T: DeserializeOwned, N: KvNamespace> TypedKv<T, N> {
    /// Returns the record `id`, or `None` if it is absent.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let scores = MemoryNamespace::new().typed::<u32>().with_prefix("score:")?;
    /// scores.put("ada", &7).await?;
    /// assert_eq!(scores.get("ada").await?, Some(7));
    /// assert_eq!(scores.get("bob").await?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self, id: impl AsRef<str>) -> impl Future<Output = Result<Option<T>>> + Send {
        let key = self.key(id);
        async move { Ok(self.read("get", key?, GetOptions::default()).await?.map(|entry| entry.value)) }
    }

    /// Returns the record `id` with its metadata and expiry.
    ///
    /// ```
    /// # use kv_core::Metadata;
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let scores = MemoryNamespace::new().typed::<u32>().with_prefix("score:")?;
    /// scores.put_with("ada", &7, Metadata::new("gold")?).await?;
    /// let entry = scores.get_with_metadata("ada").await?.unwrap();
    /// assert_eq!((entry.value, entry.metadata.unwrap().json::<String>()?), (7, "gold".to_owned()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_with_metadata(
        &self,
        id: impl AsRef<str>,
    ) -> impl Future<Output = Result<Option<Entry<T>>>> + Send {
        let key = self.key(id);
        async move { self.read("get_with_metadata", key?, GetOptions::default().with_metadata(true)).await }
    }

    async fn read(
        &self,
        operation: &'static str,
        key: Key<'static>,
        options: GetOptions,
    ) -> Result<Option<Entry<T>>> {
        let entry = self.namespace.read(key.as_borrowed(), options.with_text(true)).await?;
        entry.map(|entry| decode(operation, &key, entry)).transpose()
    }

    /// Returns the records `ids` in the order of the ids; `None` for an absent one. The backend gets the hint
    /// that they are text, which Workers KV answers for 100 keys per request.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let scores = MemoryNamespace::new().typed::<u32>().with_prefix("score:")?;
    /// scores.put("ada", &7).await?;
    /// assert_eq!(scores.get_many(["ada", "bob"]).await?, [Some(7), None]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_many<I: AsRef<str>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> impl Future<Output = Result<Vec<Option<T>>>> + Send {
        let keys = self.keys(ids);
        async move {
            let keys = keys?;
            let options = GetOptions::default().with_text(true);
            let entries = self.namespace.read_many(keys.clone(), options).await?;
            let records = keys.iter().zip(entries).map(|(key, entry)| match entry {
                Some(entry) => Ok(Some(decode("get_many", key, entry)?.value)),
                None => Ok(None),
            });
            records.collect()
        }
    }
}

impl<T: Serialize, N: KvNamespace> TypedKv<T, N> {
    /// Puts `record` as the record `id`, without metadata and without an expiration.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let scores = MemoryNamespace::new().typed::<u32>().with_prefix("score:")?;
    /// scores.put("ada", &7).await?;
    /// assert_eq!(scores.namespace().get_text("score:ada").await?.as_deref(), Some("7"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn put(&self, id: impl AsRef<str>, record: &T) -> impl Future<Output = Result<()>> + Send {
        self.put_with(id, record, PutOptions::default())
    }

    /// Puts `record` as [`put`](TypedKv::put) does, with metadata, an expiration or both.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use kv_core::Expiration;
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let scores = MemoryNamespace::new().typed::<u32>().with_prefix("score:")?;
    /// let hour = Expiration::after(Duration::from_secs(3_600))?;
    /// scores.put_with("ada", &7, hour).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn put_with(
        &self,
        id: impl AsRef<str>,
        record: &T,
        options: impl Into<PutOptions>,
    ) -> impl Future<Output = Result<()>> + Send {
        let key = self.key(id);
        let value = Value::from_json(record);
        let options = options.into();
        async move {
            let key = key?;
            let value = value.map_err(|error| error.with_key(&key).with_operation("put"))?;
            self.namespace.write(key, value, options).await
        }
    }
}

impl<T, N: KvNamespace> TypedKv<T, N> {
    /// Deletes the record `id`. Deleting an absent one succeeds.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let scores = MemoryNamespace::new().typed::<u32>().with_prefix("score:")?;
    /// scores.put("ada", &7).await?;
    /// scores.delete("ada").await?;
    /// assert_eq!(scores.get("ada").await?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self, id: impl AsRef<str>) -> impl Future<Output = Result<()>> + Send {
        let key = self.key(id);
        async move { self.namespace.remove(key?).await }
    }

    /// Deletes the records `ids` by the backend's bulk call, if it has one. Check the report: single ones may
    /// fail.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let scores = MemoryNamespace::new().typed::<u32>().with_prefix("score:")?;
    /// assert!(scores.delete_many(["ada", "bob"]).await?.is_complete());
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_many<I: AsRef<str>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> impl Future<Output = Result<BulkReport>> + Send {
        let keys = self.keys(ids);
        async move { self.namespace.remove_many(keys?).await }
    }

    /// Streams id, expiry and metadata of every record, in ascending order of the ids' bytes, without reading
    /// the records.
    ///
    /// ```
    /// # use futures_util::TryStreamExt;
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let scores = MemoryNamespace::new().typed::<u32>().with_prefix("score:")?;
    /// scores.put("ada", &7).await?;
    /// let ids: Vec<String> = scores.list().map_ok(|record| record.id).try_collect().await?;
    /// assert_eq!(ids, ["ada"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> impl Stream<Item = Result<RecordInfo>> + Send + Unpin {
        let prefix = self.prefix.as_str().len();
        self.namespace.list(&self.prefix).map_ok(move |key| RecordInfo::new(key, prefix))
    }

    /// Streams records as [`list`](TypedKv::list) does and owns the namespace: for streams that outlive the
    /// caller.
    ///
    /// ```
    /// # use futures_util::TryStreamExt;
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let scores = MemoryNamespace::new().typed::<u32>().with_prefix("score:")?;
    /// scores.put("ada", &7).await?;
    /// let records: Vec<_> = scores.into_list().try_collect().await?;
    /// assert_eq!(records.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_list(self) -> impl Stream<Item = Result<RecordInfo>> + Send + Unpin + 'static {
        let prefix = self.prefix.as_str().len();
        self.namespace.into_list(self.prefix).map_ok(move |key| RecordInfo::new(key, prefix))
    }
}

/// Decodes the record in an entry.
pub(crate) fn decode<T: DeserializeOwned>(
    operation: &'static str,
    key: &Key<'_>,
    entry: Entry,
) -> Result<Entry<T>> {
    entry.try_map(|value| value.json()).map_err(|error| error.with_key(key).with_operation(operation))
}

impl<T, N: Clone> Clone for TypedKv<T, N> {
    fn clone(&self) -> Self {
        Self { namespace: self.namespace.clone(), prefix: self.prefix.clone(), records: PhantomData }
    }
}

impl<T, N: fmt::Debug> fmt::Debug for TypedKv<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedKv").field("namespace", &self.namespace).field("prefix", &self.prefix).finish()
    }
}
