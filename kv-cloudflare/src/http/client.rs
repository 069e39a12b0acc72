//! Client that all namespaces of an account share.

use std::{sync::Arc, time::Duration};

use kv_core::{Clock, Result, limits};
use reqwest::Response;
use serde::de::DeserializeOwned;

use crate::{
    api::{attempt_error::AttemptError, urls::AccountUrls},
    http::{
        authorization::Authorization,
        drain::{CallGuard, Drain},
        exchange::{exchange, exchange_head},
        request::Request,
        response::{self, ApiResponse, RawResponse},
        retry::retry,
    },
    rate_limit::{deadline::Deadline, limiter::Limiter, usage::Counters},
};

/// Client of an account: connections, credentials, rate limit and settings.
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

/// Call under way. Closing the account waits until it is dropped.
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

    /// Returns the deadline of a call that starts now.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::after(self.total_timeout)
    }

    /// Sends a request whose response is a value, of at most 25 MiB.
    pub(crate) async fn send_for_bytes(
        &self,
        request: &Request<'_>,
        deadline: &Deadline,
    ) -> Result<RawResponse, AttemptError> {
        let attempt = || exchange(self, request, deadline, limits::MAX_VALUE_BYTES);
        retry(self, request, deadline, attempt).await
    }

    /// Sends a request whose response is a value, and leaves its body to the caller.
    pub(crate) async fn send_for_stream(
        &self,
        request: &Request<'_>,
        deadline: &Deadline,
    ) -> Result<Response, AttemptError> {
        retry(self, request, deadline, || exchange_head(self, request, deadline)).await
    }

    /// Sends a request whose response is an envelope, of at most `max_bytes`.
    pub(crate) async fn send_for_json<T: DeserializeOwned + Send + 'static>(
        &self,
        request: &Request<'_>,
        deadline: &Deadline,
        max_bytes: usize,
    ) -> Result<ApiResponse<T>, AttemptError> {
        let attempt = || async {
            let response = exchange(self, request, deadline, max_bytes).await?;
            let token = self.authorization.secret();
            let parsed = response::parse_envelope(response, request.redaction, token).await;
            parsed.inspect_err(|failure| self.counters.count_if_limited(&failure.error))
        };
        retry(self, request, deadline, attempt).await
    }
}
