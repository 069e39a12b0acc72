//! Calls that Workers KV has beside those of the trait: without the value, and with a value that is never in memory as a whole.

use kv_core::{Error, IntoKey, Key, Metadata, PutOptions, Result};

use crate::{
    http::{
        body::{source_body::SharedSource, value_source::ValueSource, value_stream::ValueStream},
        client::Call,
        request::ValueBody,
    },
    namespace::CloudflareNamespace,
};

impl CloudflareNamespace {
    /// `true` if there is an entry under `key`. It is one request, whatever the length of the value.
    ///
    /// # Errors
    ///
    /// As a `get` of it.
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
        async move { Ok(self.metadata_of("exists", &key?).await?.is_some()) }
    }

    /// The metadata of the entry under `key`, without its value. `None` if it has none, or if there is no entry:
    /// [`exists`](Self::exists) tells the two apart. It is one request.
    ///
    /// # Errors
    ///
    /// As a `get_with_metadata` of it.
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
        async move { Ok(self.metadata_of("get_metadata", &key?).await?.flatten()) }
    }

    /// The value under `key` as a stream, of which no more than a chunk is in memory. Its length and its expiry are known before its
    /// first byte. It is one request.
    ///
    /// # Errors
    ///
    /// As a `get` of it, before the first byte; after that, the stream's items say so.
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
            let call = self.named(OPERATION, &key)?;
            let stream = self.read_stream(OPERATION, &key, &call.deadline).await;
            stream.map_err(|error| error.with_operation(OPERATION).with_key(&key))
        }
    }

    /// Writes a value under `key` while its bytes come. It replaces value, metadata and expiry, as every put does, and is one
    /// request. Where the source's bytes can be had only once, a request that failed after the first of them was taken is not sent
    /// again; see [`ValueSource::repeatable`]. The call's total time counts the time in which the source is waited for.
    ///
    /// # Errors
    ///
    /// As a `put`; and [`InvalidInput`](kv_core::ErrorKind::InvalidInput) if the source has more than 26,214,400 bytes, or others than
    /// its length says, and [`Other`](kv_core::ErrorKind::Other), with its error as the cause, if the source fails. Nothing is written
    /// then.
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
            let call = self.named(OPERATION, &key)?;
            let source = SharedSource::new(source);
            let body = ValueBody::Source(source.clone());
            let written = self.write_entry(OPERATION, &key, body, &options, &call.deadline).await;
            match source.fault() {
                Some(fault) => Err(fault.with_operation(OPERATION).with_key(&key)),
                None => written,
            }
        }
    }

    /// The metadata of the entry under `key`, or `None` if there is no entry.
    async fn metadata_of(&self, operation: &'static str, key: &Key<'_>) -> Result<Option<Option<Metadata>>> {
        let call = self.named(operation, key)?;
        let metadata = self.read_metadata(operation, key, &call.deadline).await;
        metadata.map_err(|error| error.with_operation(operation).with_key(key))
    }

    fn named(&self, operation: &'static str, key: &Key<'_>) -> Result<Call> {
        let name = |error: Error| error.with_operation(operation).with_key(key);
        self.client().call().map_err(name)
    }
}
