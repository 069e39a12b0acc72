//! Namespace handle, which hands each call to the storeys below.

use std::{fmt, sync::Arc};

use kv_core::{
    AtomicKv, BulkReport, Entry, GetOptions, IntoKey, Key, KvNamespace, ListOptions, ListPage, Metadata,
    NamespaceId, PutEntry, PutOptions, Result, Value, async_trait,
};

use crate::{
    builder::CloudflareNamespaceBuilder,
    calls::{bulk, list, namespace_client::NamespaceClient, read, write},
    http::{
        body::{source_body::SharedSource, value_source::ValueSource, value_stream::ValueStream},
        client::{Call, Client},
        request::ValueBody,
    },
    rate_limit::usage::Usage,
};

/// Namespace of Cloudflare Workers KV. Clones are the same namespace, and share connections, budget and
/// usage.
///
/// Its promises and the cost of each call are in the documentation of the crate.
///
/// ```no_run
/// use kv_cloudflare::CloudflareNamespace;
/// use kv_core::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> kv_core::Result<()> {
/// let kv = CloudflareNamespace::from_env().namespace_id("0f2ac74b498b48028cb68387c421e279").build()?;
/// kv.put("flag:dark", "on").await?;
/// assert_eq!(kv.get_text("flag:dark").await?.as_deref(), Some("on"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CloudflareNamespace(Arc<NamespaceClient>);

impl CloudflareNamespace {
    pub(crate) fn new(client: Arc<Client>, id: NamespaceId) -> Self {
        Self(Arc::new(NamespaceClient::new(client, id)))
    }

    /// Returns a builder.
    #[must_use]
    pub fn builder() -> CloudflareNamespaceBuilder {
        CloudflareNamespaceBuilder::default()
    }

    /// Returns a builder with the settings of the environment, under the names of Cloudflare's own tools.
    ///
    /// It reads these variables:
    ///
    /// - `CLOUDFLARE_ACCOUNT_ID`;
    /// - `CLOUDFLARE_API_TOKEN`, or else `CLOUDFLARE_EMAIL` and `CLOUDFLARE_API_KEY` (a global API key);
    /// - `CLOUDFLARE_API_BASE_URL` (wrangler's), or else `CLOUDFLARE_BASE_URL` (the official SDKs').
    ///
    /// The namespace's id is not read from the environment.
    #[must_use]
    pub fn from_env() -> CloudflareNamespaceBuilder {
        CloudflareNamespaceBuilder::from_env()
    }

    /// Returns the id.
    #[must_use]
    pub fn id(&self) -> &NamespaceId {
        &self.0.id
    }

    /// Returns how many requests this client has sent so far. All namespaces of a
    /// [`CloudflareAccount`](crate::CloudflareAccount) count together.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.0.client.counters.usage()
    }

    /// `true` if there is an entry under `key`. It is one request, whatever the length of the value.
    ///
    /// # Errors
    ///
    /// The same as those of `get`.
    ///
    /// ```no_run
    /// # use kv_cloudflare::CloudflareNamespace;
    /// # async fn example(kv: CloudflareNamespace) -> kv_core::Result<()> {
    /// if !kv.exists("logo").await? {
    ///     println!("no logo yet");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn exists<'a>(&'a self, key: impl IntoKey<'a>) -> impl Future<Output = Result<bool>> + Send {
        let key = key.into_key();
        async move { Ok(self.read_metadata("exists", &key?).await?.is_some()) }
    }

    /// Returns the metadata of the entry under `key`, without its value. `None` if the entry has no metadata,
    /// or if there is no entry: [`exists`](Self::exists) tells the two apart. It is one request.
    ///
    /// # Errors
    ///
    /// The same as those of `get_with_metadata`.
    ///
    /// ```no_run
    /// # use kv_cloudflare::CloudflareNamespace;
    /// # async fn example(kv: CloudflareNamespace) -> kv_core::Result<()> {
    /// if let Some(metadata) = kv.get_metadata("logo").await? {
    ///     println!("of type {}", metadata.json::<String>()?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_metadata<'a>(
        &'a self,
        key: impl IntoKey<'a>,
    ) -> impl Future<Output = Result<Option<Metadata>>> + Send {
        let key = key.into_key();
        async move { Ok(self.read_metadata("get_metadata", &key?).await?.flatten()) }
    }

    /// Returns the value under `key` as a stream, which holds one chunk in memory at a time. Its length and
    /// its expiry are known before the first byte. It is one request.
    ///
    /// # Errors
    ///
    /// The same as those of `get` before the first byte; later errors are items of the stream.
    ///
    /// ```no_run
    /// # use futures_util::TryStreamExt;
    /// # use kv_cloudflare::CloudflareNamespace;
    /// # async fn example(kv: CloudflareNamespace) -> kv_core::Result<()> {
    /// if let Some(mut value) = kv.get_stream("video").await? {
    ///     println!("{:?} bytes", value.length());
    ///     while let Some(chunk) = value.try_next().await? {
    ///         println!("{} of them", chunk.len());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_stream<'a>(
        &'a self,
        key: impl IntoKey<'a>,
    ) -> impl Future<Output = Result<Option<ValueStream>>> + Send {
        const OPERATION: &str = "get_stream";
        let key = key.into_key();
        async move {
            let key = key?;
            let call = self.start(OPERATION, &key)?;
            let stream = read::read_stream(&self.0, OPERATION, &key, &call.deadline).await;
            stream.map_err(|error| error.with_operation(OPERATION).with_key(&key))
        }
    }

    /// Writes a value under `key` while its bytes arrive. It replaces value, metadata and expiry, as every
    /// put does, and is one request.
    ///
    /// If the source can be read only once, a request that failed after its first byte was read is not
    /// repeated; see [`ValueSource::repeatable`]. The time in which the call waits for the source counts
    /// towards the call's total time.
    ///
    /// # Errors
    ///
    /// The same as those of `put`; [`InvalidInput`](kv_core::ErrorKind::InvalidInput) if the source has more
    /// than 26,214,400 bytes, or not as many as its length says; [`Other`](kv_core::ErrorKind::Other), with
    /// the source's error as its cause, if the source fails. In the latter two cases nothing is written.
    ///
    /// ```no_run
    /// # use kv_cloudflare::{CloudflareNamespace, ValueSource};
    /// # use kv_core::PutOptions;
    /// # async fn example(kv: CloudflareNamespace, file: tokio::io::DuplexStream) -> kv_core::Result<()> {
    /// kv.put_stream("video", ValueSource::from_reader(file), PutOptions::default()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn put_stream<'a>(
        &'a self,
        key: impl IntoKey<'a>,
        source: ValueSource,
        options: impl Into<PutOptions>,
    ) -> impl Future<Output = Result<()>> + Send {
        const OPERATION: &str = "put_stream";
        let key = key.into_key();
        let options = options.into();
        async move {
            let key = key?;
            let call = self.start(OPERATION, &key)?;
            let source = SharedSource::new(source);
            let body = ValueBody::Source(source.clone());
            let written = write::write_entry(&self.0, OPERATION, &key, body, &options, &call.deadline).await;
            match source.error() {
                Some(error) => Err(error.with_operation(OPERATION).with_key(&key)),
                None => written,
            }
        }
    }

    async fn read_metadata(
        &self,
        operation: &'static str,
        key: &Key<'_>,
    ) -> Result<Option<Option<Metadata>>> {
        let call = self.start(operation, key)?;
        let metadata = read::read_metadata(&self.0, operation, key, &call.deadline).await;
        metadata.map_err(|error| error.with_operation(operation).with_key(key))
    }

    fn start(&self, operation: &'static str, key: &Key<'_>) -> Result<Call> {
        self.0.start(operation).map_err(|error| error.with_key(key))
    }
}

impl fmt::Debug for CloudflareNamespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudflareNamespace").field("id", &self.0.id.as_str()).finish_non_exhaustive()
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl KvNamespace for CloudflareNamespace {
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        let call = self.0.start("read")?;
        let entry = read::read_entry(&self.0, "read", &key, options.metadata, &call.deadline).await;
        entry.map_err(|error| error.with_operation("read").with_key(&key))
    }

    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        let call = self.0.start("write")?;
        let value = ValueBody::Whole(value.into_bytes());
        write::write_entry(&self.0, "write", &key, value, &options, &call.deadline).await
    }

    async fn remove(&self, key: Key<'_>) -> Result<()> {
        let call = self.0.start("remove")?;
        write::remove_entry(&self.0, "remove", &key, &call.deadline).await
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        let call = self.0.start("list_page")?;
        let page = list::list_page(&self.0, &options, &call.deadline).await;
        page.map_err(|error| error.with_operation("list_page"))
    }

    async fn read_many(&self, keys: Vec<Key<'static>>, options: GetOptions) -> Result<Vec<Option<Entry>>> {
        let _call = self.0.start("read_many")?;
        let entries = bulk::get::read_many(&self.0, &keys, options).await;
        entries.map_err(|error| error.with_operation("read_many"))
    }

    async fn write_many(&self, entries: Vec<PutEntry>) -> Result<BulkReport> {
        let _call = self.0.start("write_many")?;
        bulk::write::write_many(&self.0, entries).await
    }

    async fn remove_many(&self, keys: Vec<Key<'static>>) -> Result<BulkReport> {
        let _call = self.0.start("remove_many")?;
        bulk::delete::remove_many(&self.0, keys).await
    }

    fn into_atomic(self: Arc<Self>) -> Option<Arc<dyn AtomicKv>> {
        // Workers KV has no conditional writes.
        None
    }
}
