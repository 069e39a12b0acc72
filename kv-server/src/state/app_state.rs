//! State that every request of a server shares.

use std::sync::Arc;

use kv_core::{Clock, KvStore};

use crate::{
    http::{memory::Memory, permits::Permits, request_body::BodyRules},
    state::{
        account_id::AccountId, credentials::Credentials, local_access::LocalAccess, metrics::Metrics,
        rate_limits::RateLimits, readiness::Readiness, titles::Titles,
    },
};

/// State that every request of a server shares.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn KvStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) account_id: AccountId,
    pub(crate) credentials: Credentials,
    /// The hosts of a server without a token.
    pub(crate) local_access: LocalAccess,
    /// A permit for every request that may be under way at once, its answer's body included.
    pub(crate) permits: Permits,
    /// For the bodies of requests.
    pub(crate) body_rules: BodyRules,
    pub(crate) metrics: Metrics,
    pub(crate) readiness: Readiness,
    /// The namespaces by their titles, for the runtime's protocol.
    pub(crate) titles: Titles,
    /// `None` unless the service's rate limits are emulated.
    pub(crate) rate_limits: Option<RateLimits>,
}

impl Shared {
    /// Memory that requests may hold together.
    pub(crate) const fn memory(&self) -> &Memory {
        &self.body_rules.memory
    }
}
