//! Client of one namespace.

use std::sync::Arc;

use kv_core::{Key, NamespaceId, Result};

use crate::{
    api::{errors, urls::NamespaceUrls},
    http::client::{Call, Client},
};

/// One namespace of an account, and the client that its calls go through.
#[derive(Debug)]
pub(crate) struct NamespaceClient {
    pub(crate) client: Arc<Client>,
    pub(crate) id: NamespaceId,
    /// `None` if no URL can carry the id.
    urls: Option<NamespaceUrls>,
}

impl NamespaceClient {
    pub(crate) fn new(client: Arc<Client>, id: NamespaceId) -> Self {
        let urls = client.urls.namespace(&id);
        Self { client, id, urls }
    }

    /// Starts a call, unless the account is closed.
    pub(crate) fn start(&self, operation: &'static str) -> Result<Call> {
        self.client.start(operation)
    }

    /// Returns the namespace's URLs, or `NamespaceNotFound` if no URL can carry its id.
    pub(crate) fn urls(&self) -> Result<&NamespaceUrls> {
        self.urls.as_ref().ok_or_else(errors::namespace_not_found)
    }

    /// Returns the hash that stands for `key` in the limit of writes.
    pub(crate) fn hash(&self, key: &Key<'_>) -> u64 {
        self.client.limiter.hash(&self.id, key)
    }
}
