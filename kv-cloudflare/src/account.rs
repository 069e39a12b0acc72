//! Account: a store of many namespaces.

use std::{fmt, sync::Arc};

use kv_core::{
    Jurisdiction, KvNamespace, KvStore, NamespaceId, NamespaceInfo, NamespaceTitle, Result, async_trait,
};

use crate::{
    builder::CloudflareAccountBuilder, calls::namespaces, http::client::Client,
    namespace::CloudflareNamespace, rate_limit::usage::Usage,
};

/// Namespaces of a Cloudflare account. Clones are the same account; they and the namespaces that they open
/// share connections, budget and usage.
///
/// ```no_run
/// use kv_cloudflare::CloudflareAccount;
/// use kv_core::{KvStore, NamespaceTitle, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> kv_core::Result<()> {
/// let account = CloudflareAccount::from_env().build()?;
/// let created = account.create_namespace(NamespaceTitle::new("sessions")?).await?;
/// let sessions = account.open(&created.id);
/// sessions.put("session:17", "ada").await?;
/// println!("{} requests", account.usage().sent);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CloudflareAccount {
    client: Arc<Client>,
}

impl CloudflareAccount {
    pub(crate) fn new(client: Client) -> Self {
        Self { client: Arc::new(client) }
    }

    /// Returns a builder.
    #[must_use]
    pub fn builder() -> CloudflareAccountBuilder {
        CloudflareAccountBuilder::default()
    }

    /// Returns a builder with the settings of the environment, under the names of Cloudflare's own tools.
    ///
    /// It reads these variables:
    ///
    /// - `CLOUDFLARE_ACCOUNT_ID`;
    /// - `CLOUDFLARE_API_TOKEN`, or else `CLOUDFLARE_EMAIL` and `CLOUDFLARE_API_KEY` (a global API key);
    /// - `CLOUDFLARE_API_BASE_URL` (wrangler's), or else `CLOUDFLARE_BASE_URL` (the official SDKs').
    #[must_use]
    pub fn from_env() -> CloudflareAccountBuilder {
        CloudflareAccountBuilder::from_env()
    }

    /// Returns a handle to a namespace, as [`KvStore::namespace`] does, with its own type. It sends no
    /// request; an unknown id fails the first operation.
    #[must_use]
    pub fn open(&self, id: &NamespaceId) -> CloudflareNamespace {
        CloudflareNamespace::new(Arc::clone(&self.client), id.clone())
    }

    /// Returns how many requests this client has sent so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.client.counters.usage()
    }
}

impl fmt::Debug for CloudflareAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudflareAccount").finish_non_exhaustive()
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl KvStore for CloudflareAccount {
    async fn create_namespace(&self, title: NamespaceTitle) -> Result<NamespaceInfo> {
        const OPERATION: &str = "create_namespace";
        let call = self.client.start(OPERATION)?;
        Ok(namespaces::create(&self.client, OPERATION, &title, None, &call.deadline).await?)
    }

    /// Creates a namespace in a jurisdiction. If the service refuses the jurisdiction, or ignores it because
    /// it is not Cloudflare's and knows none, the error is [`Unsupported`](kv_core::ErrorKind::Unsupported),
    /// and no namespace is left behind.
    async fn create_namespace_in(
        &self,
        title: NamespaceTitle,
        jurisdiction: Jurisdiction,
    ) -> Result<NamespaceInfo> {
        const OPERATION: &str = "create_namespace_in";
        let call = self.client.start(OPERATION)?;
        namespaces::create_in(&self.client, OPERATION, &title, jurisdiction, &call.deadline).await
    }

    async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>> {
        let call = self.client.start("list_namespaces")?;
        namespaces::list(&self.client, &call.deadline).await
    }

    async fn namespace_info(&self, id: &NamespaceId) -> Result<NamespaceInfo> {
        const OPERATION: &str = "namespace_info";
        let call = self.client.start(OPERATION)?;
        namespaces::info(&self.client, OPERATION, id, &call.deadline).await
    }

    async fn rename_namespace(&self, id: &NamespaceId, title: NamespaceTitle) -> Result<NamespaceInfo> {
        const OPERATION: &str = "rename_namespace";
        let call = self.client.start(OPERATION)?;
        namespaces::rename(&self.client, OPERATION, id, &title, &call.deadline).await
    }

    async fn delete_namespace(&self, id: &NamespaceId) -> Result<()> {
        const OPERATION: &str = "delete_namespace";
        let call = self.client.start(OPERATION)?;
        namespaces::delete(&self.client, OPERATION, id, &call.deadline).await
    }

    /// Sends one request, for a page of namespaces. It shows that the service can be reached and accepts the
    /// credentials, not that these may write.
    async fn check_ready(&self) -> Result<()> {
        let call = self.client.start("check_ready")?;
        namespaces::check_ready(&self.client, &call.deadline).await
    }

    fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace> {
        Arc::new(self.open(id))
    }

    async fn close(&self) -> Result<()> {
        self.client.drain.close().await;
        Ok(())
    }
}
