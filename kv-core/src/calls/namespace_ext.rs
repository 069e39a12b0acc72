//! Calls of a service on a namespace: `KvNamespaceExt`.

use futures_core::Stream;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    calls::{list_stream, typed_kv::TypedKv},
    contract::namespace::KvNamespace,
    types::{
        bulk::{BulkReport, PutEntry},
        entry::Entry,
        error::Result,
        invalid_input::InvalidInput,
        key::{IntoKey, Key},
        list::{options::IntoListOptions, page::KeyInfo},
        options::{GetOptions, PutOptions},
        value::{IntoValue, Value},
    },
};

/// Calls of a **service** on a namespace. Every [`KvNamespace`] has these methods; the trait cannot be
/// implemented otherwise.
///
/// Keys are any of [`IntoKey`], values any of [`IntoValue`]. Input that breaks a limit is rejected with
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) before the backend sees it. Other errors are the
/// backend's, as [`KvNamespace`] documents them.
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use kv_core::{Expiration, prelude::*};
/// use kv_memory::MemoryNamespace;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> kv_core::Result<()> {
/// let kv: Arc<dyn KvNamespace> = Arc::new(MemoryNamespace::new());
/// kv.put_with("greeting", "hello", Expiration::after(Duration::from_secs(3_600))?).await?;
/// assert_eq!(kv.get_text("greeting").await?.as_deref(), Some("hello"));
/// kv.delete("greeting").await?;
/// assert_eq!(kv.get("greeting").await?, None);
/// # Ok(())
/// # }
/// ```
pub trait KvNamespaceExt: KvNamespace {
    /// Returns the value under `key`, or `None` if it is absent.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// kv.put("logo", vec![0x89, b'P', b'N', b'G']).await?;
    /// assert_eq!(kv.get("logo").await?.unwrap().len(), 4);
    /// # Ok(())
    /// # }
    /// ```
    fn get<'a>(&'a self, key: impl IntoKey<'a>) -> impl Future<Output = Result<Option<Value>>> + Send {
        let key = key.into_key();
        async move { Ok(self.read(key?, GetOptions::default()).await?.map(|entry| entry.value)) }
    }

    /// Returns the whole entry under `key`: value, metadata and expiry.
    ///
    /// ```
    /// # use kv_core::{Metadata, prelude::*};
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// kv.put_with("logo", "...", Metadata::new("image/png")?).await?;
    /// let entry = kv.get_with_metadata("logo").await?.unwrap();
    /// assert_eq!(entry.metadata.unwrap().json::<String>()?, "image/png");
    /// # Ok(())
    /// # }
    /// ```
    fn get_with_metadata<'a>(
        &'a self,
        key: impl IntoKey<'a>,
    ) -> impl Future<Output = Result<Option<Entry>>> + Send {
        let key = key.into_key();
        async move { self.read(key?, GetOptions::default().with_metadata(true)).await }
    }

    /// Returns the value under `key` as text.
    ///
    /// # Errors
    ///
    /// [`Codec`](crate::ErrorKind::Codec) if it is not UTF-8; [`Value::to_text_lossy`] replaces the invalid
    /// bytes.
    ///
    /// ```
    /// # use kv_core::{ErrorKind, prelude::*};
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// kv.put("not-text", b"\xff").await?;
    /// assert_eq!(kv.get_text("not-text").await.unwrap_err().kind(), ErrorKind::Codec);
    /// # Ok(())
    /// # }
    /// ```
    fn get_text<'a>(&'a self, key: impl IntoKey<'a>) -> impl Future<Output = Result<Option<String>>> + Send {
        let key = key.into_key();
        async move { read_as(self, key?, "get_text", Value::into_text).await }
    }

    /// Returns the value under `key`, read as JSON.
    ///
    /// # Errors
    ///
    /// [`Codec`](crate::ErrorKind::Codec) if it is not the JSON of a `T`.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// kv.put_json("limits", &[10, 20]).await?;
    /// assert_eq!(kv.get_json::<Vec<u32>>("limits").await?, Some(vec![10, 20]));
    /// # Ok(())
    /// # }
    /// ```
    fn get_json<'a, T: DeserializeOwned>(
        &'a self,
        key: impl IntoKey<'a>,
    ) -> impl Future<Output = Result<Option<T>>> + Send {
        let key = key.into_key();
        async move { read_as(self, key?, "get_json", |value| value.json()).await }
    }

    /// Puts `value` under `key`, without metadata and without an expiration. It replaces the whole entry.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// kv.put("a/b 100%", "any text is a key").await?;
    /// assert!(kv.put("x".repeat(513), "but not a longer one").await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    fn put<'a>(
        &'a self,
        key: impl IntoKey<'a>,
        value: impl IntoValue,
    ) -> impl Future<Output = Result<()>> + Send {
        self.put_with(key, value, PutOptions::default())
    }

    /// Puts `value` as [`put`](KvNamespaceExt::put) does, with metadata, an expiration or both.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use kv_core::{Expiration, Metadata, PutOptions, prelude::*};
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// let hour = Expiration::after(Duration::from_secs(3_600))?;
    /// kv.put_with("token", "t", hour).await?;
    /// kv.put_with("token", "t", PutOptions::from(hour).with_metadata(Metadata::new("ada")?)).await?;
    /// # Ok(())
    /// # }
    /// ```
    fn put_with<'a>(
        &'a self,
        key: impl IntoKey<'a>,
        value: impl IntoValue,
        options: impl Into<PutOptions>,
    ) -> impl Future<Output = Result<()>> + Send {
        let key = key.into_key();
        let value = value.into_value();
        let options = options.into();
        async move { self.write(key?, value?, options).await }
    }

    /// Puts `value` as [`put`](KvNamespaceExt::put) does, written as JSON.
    ///
    /// # Errors
    ///
    /// [`Codec`](crate::ErrorKind::Codec) if JSON cannot express it.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// kv.put_json("flags", &[("dark", true)]).await?;
    /// assert_eq!(kv.get_text("flags").await?.as_deref(), Some(r#"[["dark",true]]"#));
    /// # Ok(())
    /// # }
    /// ```
    fn put_json<'a, T: Serialize + ?Sized>(
        &'a self,
        key: impl IntoKey<'a>,
        value: &T,
    ) -> impl Future<Output = Result<()>> + Send {
        self.put_json_with(key, value, PutOptions::default())
    }

    /// Puts `value` as [`put_with`](KvNamespaceExt::put_with) does, written as JSON.
    ///
    /// # Errors
    ///
    /// [`Codec`](crate::ErrorKind::Codec) if JSON cannot express it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use kv_core::{Expiration, prelude::*};
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// kv.put_json_with("flags", &["dark"], Expiration::after(Duration::from_secs(60))?).await?;
    /// # Ok(())
    /// # }
    /// ```
    fn put_json_with<'a, T: Serialize + ?Sized>(
        &'a self,
        key: impl IntoKey<'a>,
        value: &T,
        options: impl Into<PutOptions>,
    ) -> impl Future<Output = Result<()>> + Send {
        let key = key.into_key();
        let value = Value::from_json(value);
        let options = options.into();
        async move {
            let key = key?;
            let value = value.map_err(|error| error.with_key(&key).with_operation("put_json"))?;
            self.write(key, value, options).await
        }
    }

    /// Deletes the entry under `key`. Deleting an absent one succeeds.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// kv.delete("never-written").await?;
    /// # Ok(())
    /// # }
    /// ```
    fn delete<'a>(&'a self, key: impl IntoKey<'a>) -> impl Future<Output = Result<()>> + Send {
        let key = key.into_key();
        async move { self.remove(key?).await }
    }

    /// Streams every key that starts with a prefix, in ascending order of their bytes, with expiry and
    /// metadata but without the values. It follows the cursors, past empty pages too, and requests a page
    /// when it needs one.
    ///
    /// ```
    /// # use futures_util::TryStreamExt;
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// kv.put("user:ada", "1").await?;
    /// kv.put("user:bob", "2").await?;
    /// let mut users = kv.list("user:");
    /// while let Some(key) = users.try_next().await? {
    ///     println!("{}", key.name);
    /// }
    /// # assert_eq!(kv.list("").try_collect::<Vec<_>>().await?.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    fn list(&self, options: impl IntoListOptions) -> impl Stream<Item = Result<KeyInfo>> + Send + Unpin {
        list_stream::follow::<Self>(self, options.into_list_options())
    }

    /// Streams keys as [`list`](KvNamespaceExt::list) does and owns the namespace: for streams that outlive
    /// the caller, such as the body of an HTTP response. Clone the `Arc` for it.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use futures_util::{Stream, TryStreamExt};
    /// # use kv_core::{KeyInfo, prelude::*};
    /// # use kv_memory::MemoryNamespace;
    /// fn keys(kv: &Arc<dyn KvNamespace>) -> impl Stream<Item = kv_core::Result<KeyInfo>> + Send + use<> {
    ///     Arc::clone(kv).into_list("user:")
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv: Arc<dyn KvNamespace> = Arc::new(MemoryNamespace::new());
    /// assert!(keys(&kv).try_collect::<Vec<_>>().await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    fn into_list(
        self,
        options: impl IntoListOptions,
    ) -> impl Stream<Item = Result<KeyInfo>> + Send + Unpin + 'static
    where
        Self: Sized,
    {
        list_stream::follow::<Self>(self, options.into_list_options())
    }

    /// Returns the values under `keys` in the order of the keys; `None` for an absent one.
    ///
    /// A backend reads them in one request where that returns the exact bytes. Workers KV answers in bulk for
    /// text alone: this takes one request per key there, [`TypedKv::get_many`](crate::TypedKv::get_many) one
    /// per 100 keys.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// kv.put("a", "1").await?;
    /// let values = kv.get_many(["a", "b", "a"]).await?;
    /// assert!(values[0].is_some() && values[1].is_none() && values[0] == values[2]);
    /// # Ok(())
    /// # }
    /// ```
    fn get_many<'a, K: IntoKey<'a>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> impl Future<Output = Result<Vec<Option<Value>>>> + Send {
        let keys = owned_keys(keys);
        async move {
            let entries = self.read_many(keys?, GetOptions::default()).await?;
            Ok(entries.into_iter().map(|entry| entry.map(|entry| entry.value)).collect())
        }
    }

    /// Writes `entries` by the backend's bulk call, if it has one. Check the report: single entries may fail.
    ///
    /// ```
    /// # use kv_core::{PutEntry, prelude::*};
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// let report = kv.put_many([PutEntry::new("a", "1")?, PutEntry::new("b", "2")?]).await?;
    /// assert_eq!(report.into_result()?, 2);
    /// # Ok(())
    /// # }
    /// ```
    fn put_many(
        &self,
        entries: impl IntoIterator<Item = PutEntry>,
    ) -> impl Future<Output = Result<BulkReport>> + Send {
        let entries = entries.into_iter().collect();
        async move { self.write_many(entries).await }
    }

    /// Deletes the entries under `keys` by the backend's bulk call, if it has one. Check the report: single
    /// keys may fail.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// assert!(kv.delete_many(["a", "b"]).await?.is_complete());
    /// # Ok(())
    /// # }
    /// ```
    fn delete_many<'a, K: IntoKey<'a>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> impl Future<Output = Result<BulkReport>> + Send {
        let keys = owned_keys(keys);
        async move { self.remove_many(keys?).await }
    }

    /// Returns the namespace as a collection of records of type `T`, kept as JSON. Clones the handle.
    ///
    /// ```
    /// # use kv_core::prelude::*;
    /// # use kv_memory::MemoryNamespace;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let kv = MemoryNamespace::new();
    /// let scores = kv.typed::<u32>().with_prefix("score:")?;
    /// scores.put("ada", &7).await?;
    /// assert_eq!(scores.get("ada").await?, Some(7));
    /// assert_eq!(kv.get_text("score:ada").await?.as_deref(), Some("7"));
    /// # Ok(())
    /// # }
    /// ```
    fn typed<T>(&self) -> TypedKv<T, Self>
    where
        Self: Clone + Sized,
    {
        TypedKv::new(self.clone())
    }
}

impl<N: KvNamespace + ?Sized> KvNamespaceExt for N {}

async fn read_as<N: KvNamespace + ?Sized, T>(
    namespace: &N,
    key: Key<'_>,
    operation: &'static str,
    decode: impl FnOnce(Value) -> Result<T> + Send,
) -> Result<Option<T>> {
    let entry = namespace.read(key.as_borrowed(), GetOptions::default().with_text(true)).await?;
    let decoded = entry.map(|entry| decode(entry.value)).transpose();
    decoded.map_err(|error| error.with_key(&key).with_operation(operation))
}

fn owned_keys<'a, K: IntoKey<'a>>(
    keys: impl IntoIterator<Item = K>,
) -> Result<Vec<Key<'static>>, InvalidInput> {
    keys.into_iter().map(|key| key.into_key().map(Key::into_owned)).collect()
}
