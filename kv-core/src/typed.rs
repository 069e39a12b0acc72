//! A collection of records of one type.

use std::{fmt, marker::PhantomData};

use futures_core::Stream;
use futures_util::StreamExt;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    BulkReport, Entry, GetOptions, InvalidInput, Key, KvNamespace, KvNamespaceExt, ListOptions, Metadata,
    Prefix, PutOptions, Result, Timestamp, Value,
};

/// A collection of records of type `T` in a namespace, under a prefix of its own.
///
/// A record's key is the prefix and the record's id, its value is the record's JSON, so a Worker reads it with
/// `type: "json"`. Make one with [`KvNamespaceExt::typed`]; over an [`AtomicKv`](crate::AtomicKv) it has conditional
/// writes too. Errors are those of [`KvNamespaceExt`]; a record that is not the JSON of a `T` is
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

/// What a listing says of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordInfo {
    /// The record's id: its key without the collection's prefix. It may be empty.
    pub id: String,
    /// From when on the record is gone; `None` if it stays.
    pub expires_at: Option<Timestamp>,
    /// The record's metadata, if it has any.
    pub metadata: Option<Metadata>,
}

impl<T, N> TypedKv<T, N> {
    /// The records of `namespace`, without a prefix.
    pub fn new(namespace: N) -> Self {
        Self {
            namespace,
            prefix: Prefix::default(),
            records: PhantomData,
        }
    }

    /// Only records under `prefix`, which every key gets.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::PrefixTooLong`]. An id that makes a key too long is refused when it is used.
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Result<Self, InvalidInput> {
        self.prefix = Prefix::new(prefix)?;
        Ok(self)
    }

    /// The key of the record `id`.
    ///
    /// # Errors
    ///
    /// As [`Key::new`].
    pub fn key(&self, id: impl AsRef<str>) -> Result<Key<'static>, InvalidInput> {
        Key::new([self.prefix.as_str(), id.as_ref()].concat())
    }

    /// The namespace that holds the records.
    pub fn namespace(&self) -> &N {
        &self.namespace
    }
}

impl<T: Serialize + DeserializeOwned, N: KvNamespace> TypedKv<T, N> {
    /// The record `id`, or `None` if there is none.
    pub fn get(&self, id: impl AsRef<str>) -> impl Future<Output = Result<Option<T>>> + Send {
        let key = self.key(id);
        async move {
            Ok(self
                .read(key?, GetOptions::default())
                .await?
                .map(|entry| entry.value))
        }
    }

    /// The record `id` with its metadata and deadline.
    pub fn get_with_metadata(
        &self,
        id: impl AsRef<str>,
    ) -> impl Future<Output = Result<Option<Entry<T>>>> + Send {
        let key = self.key(id);
        async move { self.read(key?, GetOptions::default().with_metadata(true)).await }
    }

    async fn read(&self, key: Key<'static>, options: GetOptions) -> Result<Option<Entry<T>>> {
        let entry = self
            .namespace
            .read(key.as_borrowed(), options.with_text(true))
            .await?;
        entry.map(|entry| decode(&key, entry)).transpose()
    }

    /// Makes `record` the record `id`, without metadata and without an expiration.
    pub fn put(&self, id: impl AsRef<str>, record: &T) -> impl Future<Output = Result<()>> + Send {
        self.put_with(id, record, PutOptions::default())
    }

    /// As [`put`](TypedKv::put), with metadata, an expiration or both.
    pub fn put_with(
        &self,
        id: impl AsRef<str>,
        record: &T,
        options: impl Into<PutOptions>,
    ) -> impl Future<Output = Result<()>> + Send {
        let (key, value, options) = (self.key(id), Value::from_json(record), options.into());
        async move {
            let key = key?;
            let value = value.map_err(|error| error.with_key(&key).with_operation("put"))?;
            self.namespace.write(key, value, options).await
        }
    }

    /// Deletes the record `id`. If there is none, that is fine.
    pub fn delete(&self, id: impl AsRef<str>) -> impl Future<Output = Result<()>> + Send {
        let key = self.key(id);
        async move { self.namespace.remove(key?).await }
    }

    /// Every record's id, deadline and metadata, in ascending order of the ids' bytes, without reading the records.
    ///
    /// ```
    /// # use futures_util::TryStreamExt;
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// let scores = kv.typed::<u32>().with_prefix("score:")?;
    /// scores.put("ada", &7).await?;
    /// let ids: Vec<String> = scores.list().map_ok(|record| record.id).try_collect().await?;
    /// assert_eq!(ids, ["ada"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> impl Stream<Item = Result<RecordInfo>> + Send + Unpin {
        let prefix = self.prefix.as_str().len();
        self.namespace
            .list(ListOptions::from(self.prefix.clone()))
            .map(move |key| {
                let key = key?;
                let mut id = key.name.into_string();
                Ok(RecordInfo {
                    id: id.split_off(prefix),
                    expires_at: key.expires_at,
                    metadata: key.metadata,
                })
            })
    }

    /// The records `ids`, each at its id's place, in as few requests as the backend can.
    pub fn get_many<I: AsRef<str>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> impl Future<Output = Result<Vec<Option<T>>>> + Send {
        let keys: Result<Vec<_>, _> = ids.into_iter().map(|id| self.key(id)).collect();
        async move {
            let keys = keys?;
            let entries = self
                .namespace
                .read_many(keys.clone(), GetOptions::default().with_text(true))
                .await?;
            let records = keys.iter().zip(entries).map(|(key, entry)| match entry {
                Some(entry) => Ok(Some(decode(key, entry)?.value)),
                None => Ok(None),
            });
            records.collect()
        }
    }

    /// Deletes the records `ids`, in as few requests as the backend can. Look at the report: single ones may fail.
    pub fn delete_many<I: AsRef<str>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> impl Future<Output = Result<BulkReport>> + Send {
        let keys: Result<Vec<_>, _> = ids.into_iter().map(|id| self.key(id)).collect();
        async move { self.namespace.remove_many(keys?).await }
    }
}

pub(crate) fn decode<T: DeserializeOwned>(key: &Key<'_>, entry: Entry) -> Result<Entry<T>> {
    entry
        .try_map(|value| value.json())
        .map_err(|error| error.with_key(key).with_operation("get"))
}

impl<T, N: Clone> Clone for TypedKv<T, N> {
    fn clone(&self) -> Self {
        Self {
            namespace: self.namespace.clone(),
            prefix: self.prefix.clone(),
            records: PhantomData,
        }
    }
}

impl<T, N: fmt::Debug> fmt::Debug for TypedKv<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedKv")
            .field("namespace", &self.namespace)
            .field("prefix", &self.prefix)
            .finish()
    }
}
