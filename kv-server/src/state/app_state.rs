//! State of a server, shared by all of its requests.

use std::sync::Arc;

use kv_core::{Clock, KvStore};

use crate::{
    http::{body_rules::BodyRules, memory::Memory},
    state::{
        account_id::AccountId, credentials::Credentials, in_flight::Permits, local_access::LocalAccess,
        metrics::Metrics, rate_limits::RateLimits, readiness::Readiness, titles::Titles,
    },
};

/// State of a server, shared by all of its requests.
#[derive(Debug)]
pub(crate) struct AppState {
    pub(crate) store: Arc<dyn KvStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) account_id: AccountId,
    pub(crate) credentials: Credentials,
    /// Hosts under which a server without a token answers.
    pub(crate) local_access: LocalAccess,
    pub(crate) permits: Permits,
    pub(crate) body_rules: BodyRules,
    pub(crate) metrics: Metrics,
    pub(crate) readiness: Readiness,
    /// Index of namespaces by title, for the runtime's protocol.
    pub(crate) titles: Titles,
    /// `None` unless Cloudflare's rate limits are emulated.
    pub(crate) rate_limits: Option<RateLimits>,
}

impl AppState {
    /// Returns the memory budget of all requests.
    pub(crate) const fn memory(&self) -> &Memory {
        &self.body_rules.memory
    }
}

#[cfg(test)]
impl AppState {
    /// Returns the state of a server over an empty store, without a token.
    pub(crate) fn for_tests(body_rules: BodyRules) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::new(kv_memory::MemoryStore::new()),
            clock: Arc::new(kv_core::SystemClock),
            account_id: AccountId::new(AccountId::DEFAULT).unwrap(),
            credentials: Credentials::new(None),
            local_access: LocalAccess::default(),
            permits: Permits::new(1, 1),
            body_rules,
            metrics: Metrics::new(),
            readiness: Readiness::new(),
            titles: Titles::default(),
            rate_limits: None,
        })
    }
}
