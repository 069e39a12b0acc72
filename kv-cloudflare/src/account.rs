//! An account: many namespaces.

use std::{collections::HashSet, fmt, sync::Arc};

use kv_core::{
    ErrorKind, Jurisdiction, KvNamespace, KvStore, NamespaceId, NamespaceInfo, NamespaceTitle, Result,
    async_trait,
};
use reqwest::{Method, Url};
use serde::Serialize;

use crate::{
    api::{
        attempt_error::{AttemptError, Reason},
        errors,
        model::{ApiNamespace, Ignored},
    },
    builder::CloudflareAccountBuilder,
    http::{
        client::{Call, Client},
        request::{Payload, Request},
        response::{ApiResponse, SMALL_ENVELOPE_BYTES},
    },
    namespace::CloudflareNamespace,
    rate_limit::usage::Usage,
};

/// As many namespaces as one request asks for.
const PER_PAGE: u32 = 100;

/// The largest envelope with a page of namespaces: titles of 512 characters, escaped.
const PAGE_ENVELOPE_BYTES: usize = 4 * 1024 * 1024;

/// The namespaces of a Cloudflare account. Clones are the same account; they and the namespaces that they hand out share
/// connections, budget and usage.
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

    /// How to make one.
    #[must_use]
    pub fn builder() -> CloudflareAccountBuilder {
        CloudflareAccountBuilder::default()
    }

    /// Builder with what the environment sets under the names of Cloudflare's own tools.
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

    /// A handle to a namespace, as [`KvStore::namespace`] gives it, with its own type. It sends nothing.
    #[must_use]
    pub fn open(&self, id: &NamespaceId) -> CloudflareNamespace {
        CloudflareNamespace::new(Arc::clone(&self.client), id.clone())
    }

    /// What this client has sent so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.client.counters.usage()
    }

    fn call(&self, operation: &'static str) -> Result<Call> {
        self.client.call().map_err(|error| error.with_operation(operation))
    }

    fn address_of(&self, id: &NamespaceId) -> Result<Url> {
        let address = self.client.urls.namespace(id).ok_or_else(errors::namespace_not_found)?;
        Ok(address.url())
    }

    async fn create(
        &self,
        operation: &'static str,
        title: &NamespaceTitle,
        jurisdiction: Option<Jurisdiction>,
        call: &Call,
    ) -> Result<NamespaceInfo, AttemptError> {
        let url = self.client.urls.namespaces();
        let body = Titled { title: title.as_str(), jurisdiction: jurisdiction.map(Jurisdiction::as_str) };
        let body = body.payload().map_err(AttemptError::new)?;
        // Sent again after it was carried out, it would find its own namespace and call it another's.
        let request = Request::new(operation, Method::POST, url).with_body(body).non_idempotent();
        let reply = self.send(&request, call).await?;
        let created =
            reply.result.ok_or_else(|| errors::unexpected_response("no namespace where one was created"));
        let created = created.and_then(ApiNamespace::into_info);
        created.map_err(|error| AttemptError::new(error.with_operation(operation)))
    }

    async fn info(&self, operation: &'static str, id: &NamespaceId, call: &Call) -> Result<NamespaceInfo> {
        let request = Request::new(operation, Method::GET, self.address_of(id)?);
        let reply = self.send(&request, call).await?;
        let info =
            reply.result.ok_or_else(|| errors::unexpected_response("no namespace where one was asked for"));
        info.and_then(ApiNamespace::into_info).map_err(|error| error.with_operation(operation))
    }

    async fn delete(&self, operation: &'static str, id: &NamespaceId, call: &Call) -> Result<()> {
        let request = Request::new(operation, Method::DELETE, self.address_of(id)?);
        match self.client.send_for_json::<Ignored>(&request, &call.deadline, SMALL_ENVELOPE_BYTES).await {
            Ok(_) => Ok(()),
            // An attempt before this one was carried out, although its answer was lost.
            Err(failure)
                if failure.error.kind() == ErrorKind::NamespaceNotFound && failure.unknown_outcome =>
            {
                Ok(())
            }
            Err(failure) => Err(failure.error),
        }
    }

    async fn send(
        &self,
        request: &Request<'_>,
        call: &Call,
    ) -> Result<ApiResponse<ApiNamespace>, AttemptError> {
        self.client.send_for_json(request, &call.deadline, SMALL_ENVELOPE_BYTES).await
    }
}

impl fmt::Debug for CloudflareAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudflareAccount").finish_non_exhaustive()
    }
}

/// The body of a creation, or of a renaming.
#[derive(Serialize)]
struct Titled<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jurisdiction: Option<&'static str>,
}

impl Titled<'_> {
    fn payload(&self) -> Result<Payload> {
        let json =
            serde_json::to_vec(self).map_err(|_| errors::unexpected_response("a title that is not JSON"))?;
        Ok(Payload::Json(json.into()))
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl KvStore for CloudflareAccount {
    async fn create_namespace(&self, title: NamespaceTitle) -> Result<NamespaceInfo> {
        let call = self.call("create_namespace")?;
        Ok(self.create("create_namespace", &title, None, &call).await?)
    }

    /// A jurisdiction that the service does not take, since it is another one than Cloudflare's and knows none, say, is
    /// [`Unsupported`](ErrorKind::Unsupported). Where it made the namespace elsewhere, it is deleted again.
    async fn create_namespace_in(
        &self,
        title: NamespaceTitle,
        jurisdiction: Jurisdiction,
    ) -> Result<NamespaceInfo> {
        const OPERATION: &str = "create_namespace_in";
        let call = self.call(OPERATION)?;
        let created = match self.create(OPERATION, &title, Some(jurisdiction), &call).await {
            // There is nothing else in the request but the title, whose refusal has a code of its own.
            Err(AttemptError { reason: Reason::InvalidRequest, error, .. }) => {
                return Err(errors::jurisdiction_refused(jurisdiction, error).with_operation(OPERATION));
            }
            created => created?,
        };
        if created.jurisdiction == Some(jurisdiction) {
            return Ok(created);
        }
        // The answer to a creation may say less than there is to say.
        let known = self.info(OPERATION, &created.id, &call).await?;
        if known.jurisdiction == Some(jurisdiction) {
            return Ok(known);
        }
        self.delete(OPERATION, &created.id, &call).await?;
        Err(errors::no_jurisdiction(jurisdiction).with_operation(OPERATION))
    }

    async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>> {
        let call = self.call("list_namespaces")?;
        let (mut listed, mut seen) = (Vec::new(), HashSet::new());
        for page in 1.. {
            let url = self.client.urls.namespaces_page(page, PER_PAGE);
            let request = Request::new("list_namespaces", Method::GET, url);
            let reply =
                self.client.send_for_json::<Vec<ApiNamespace>>(&request, &call.deadline, PAGE_ENVELOPE_BYTES);
            let reply = reply.await?;
            let before = listed.len();
            for namespace in reply.result.unwrap_or_default() {
                let info = namespace.into_info()?;
                if seen.insert(info.id.clone()) {
                    listed.push(info);
                }
            }
            // A page with nothing new ends it too, so that a server that knows no pages is asked twice and not for ever.
            let all = reply.info.total_count.is_some_and(|total| listed.len() >= total);
            if all || listed.len() == before {
                break;
            }
        }
        Ok(listed)
    }

    async fn namespace_info(&self, id: &NamespaceId) -> Result<NamespaceInfo> {
        let call = self.call("namespace_info")?;
        self.info("namespace_info", id, &call).await
    }

    async fn rename_namespace(&self, id: &NamespaceId, title: NamespaceTitle) -> Result<NamespaceInfo> {
        let call = self.call("rename_namespace")?;
        let body = Titled { title: title.as_str(), jurisdiction: None }.payload()?;
        let request = Request::new("rename_namespace", Method::PUT, self.address_of(id)?).with_body(body);
        let reply = self.send(&request, &call).await?;
        match reply.result.filter(ApiNamespace::is_told) {
            Some(renamed) => renamed.into_info(),
            // Some servers answer `null` or `{}`, which leaves the jurisdiction open.
            None => self.info("rename_namespace", id, &call).await,
        }
    }

    async fn delete_namespace(&self, id: &NamespaceId) -> Result<()> {
        let call = self.call("delete_namespace")?;
        self.delete("delete_namespace", id, &call).await
    }

    /// Asks the service for a page of namespaces: one request. It shows that the service is in reach and knows the credentials, not
    /// whether these may write.
    async fn check_ready(&self) -> Result<()> {
        let call = self.call("check_ready")?;
        let url = self.client.urls.namespaces_page(1, PER_PAGE);
        let request = Request::new("check_ready", Method::GET, url);
        self.client.send_for_json::<Ignored>(&request, &call.deadline, PAGE_ENVELOPE_BYTES).await?;
        Ok(())
    }

    fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace> {
        Arc::new(self.open(id))
    }

    async fn close(&self) -> Result<()> {
        self.client.drain.close().await;
        Ok(())
    }
}
