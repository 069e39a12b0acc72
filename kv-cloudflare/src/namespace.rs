//! One namespace.

use std::{fmt, sync::Arc};

use kv_core::{
    AtomicKv, BulkReport, Entry, GetOptions, Key, KvNamespace, ListOptions, ListPage, NamespaceId, PutEntry,
    PutOptions, Result, Value, async_trait,
};

use crate::{
    api::{errors, urls::NamespaceUrls},
    builder::CloudflareNamespaceBuilder,
    http::{
        client::{Call, Client},
        request::ValueBody,
    },
    rate_limit::usage::Usage,
};

/// A namespace of Cloudflare Workers KV. Clones are the same namespace, and share connections, budget and usage.
///
/// What it promises, and what each call costs, is in the documentation of the crate.
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
pub struct CloudflareNamespace(Arc<Inner>);

struct Inner {
    client: Arc<Client>,
    id: NamespaceId,
    /// `None` if no URL can carry the id.
    address: Option<NamespaceUrls>,
}

impl CloudflareNamespace {
    pub(crate) fn new(client: Arc<Client>, id: NamespaceId) -> Self {
        let address = client.urls.namespace(&id);
        Self(Arc::new(Inner { client, id, address }))
    }

    /// How to make one.
    #[must_use]
    pub fn builder() -> CloudflareNamespaceBuilder {
        CloudflareNamespaceBuilder::default()
    }

    /// Builder with what the environment sets under the names of Cloudflare's own tools.
    ///
    /// It reads these variables:
    ///
    /// - `CLOUDFLARE_ACCOUNT_ID`;
    /// - `CLOUDFLARE_API_TOKEN`, or else `CLOUDFLARE_EMAIL` and `CLOUDFLARE_API_KEY` (a global API key);
    /// - `CLOUDFLARE_API_BASE_URL` (wrangler's), or else `CLOUDFLARE_BASE_URL` (the official SDKs').
    ///
    /// The namespace's id stays the caller's.
    #[must_use]
    pub fn from_env() -> CloudflareNamespaceBuilder {
        CloudflareNamespaceBuilder::from_env()
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &NamespaceId {
        &self.0.id
    }

    /// What this client has sent so far. All namespaces of a [`CloudflareAccount`](crate::CloudflareAccount) count together.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.0.client.counters.usage()
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    pub(crate) fn address(&self) -> Result<&NamespaceUrls> {
        self.0.address.as_ref().ok_or_else(errors::namespace_not_found)
    }

    /// What stands for `key` in the budget.
    pub(crate) fn hash(&self, key: &Key<'_>) -> u64 {
        self.client().limiter.hash(&self.0.id, key)
    }

    fn call(&self, operation: &'static str) -> Result<Call> {
        self.client().call().map_err(|error| error.with_operation(operation))
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
        let call = self.call("read")?;
        let entry = self.read_entry("read", &key, options.metadata, &call.deadline).await;
        entry.map_err(|error| error.with_operation("read").with_key(&key))
    }

    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        let call = self.call("write")?;
        let value = ValueBody::Whole(value.into_bytes());
        self.write_entry("write", &key, value, &options, &call.deadline).await
    }

    async fn remove(&self, key: Key<'_>) -> Result<()> {
        let call = self.call("remove")?;
        self.remove_entry("remove", &key, &call.deadline).await
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        let call = self.call("list_page")?;
        let page = self.list(&options, &call.deadline).await;
        page.map_err(|error| error.with_operation("list_page"))
    }

    async fn read_many(&self, keys: Vec<Key<'static>>, options: GetOptions) -> Result<Vec<Option<Entry>>> {
        let _call = self.call("read_many")?;
        let entries = self.read_entries(&keys, options).await;
        entries.map_err(|error| error.with_operation("read_many"))
    }

    async fn write_many(&self, entries: Vec<PutEntry>) -> Result<BulkReport> {
        let _call = self.call("write_many")?;
        self.write_entries(entries).await
    }

    async fn remove_many(&self, keys: Vec<Key<'static>>) -> Result<BulkReport> {
        let _call = self.call("remove_many")?;
        self.remove_entries(keys).await
    }

    fn into_atomic(self: Arc<Self>) -> Option<Arc<dyn AtomicKv>> {
        // Workers KV has no conditional writes.
        None
    }
}
