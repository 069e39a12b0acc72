//! What all namespaces of an account share.

use std::{sync::Arc, time::Duration};

use kv_core::{Clock, Result};

use crate::{
    api::urls::AccountUrls,
    http::authorization::Authorization,
    http::drain::{CallGuard, Drain},
    rate_limit::{deadline::Deadline, limiter::Limiter, usage::Counters},
};

/// What all namespaces of an account share.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) urls: AccountUrls,
    pub(crate) authorization: Authorization,
    pub(crate) limiter: Limiter,
    pub(crate) counters: Counters,
    pub(crate) drain: Drain,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) read_timeout: Duration,
    pub(crate) total_timeout: Duration,
    pub(crate) retries: usize,
    pub(crate) concurrency: usize,
    pub(crate) bulk_size: usize,
}

/// A call under way.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) deadline: Deadline,
    _guard: CallGuard,
}

impl Client {
    /// Starts a call, unless the account is closed.
    pub(crate) fn start(&self, operation: &'static str) -> Result<Call> {
        let guard = self.drain.enter().map_err(|error| error.with_operation(operation))?;
        Ok(Call { deadline: self.deadline(), _guard: guard })
    }

    /// The deadline of a request that is made now.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::after(self.total_timeout)
    }
}
