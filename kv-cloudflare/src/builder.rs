//! Builders of accounts and namespaces.

use std::{sync::Arc, time::Duration};

use kv_core::{Clock, NamespaceId, Result};
use secrecy::SecretString;

use crate::{
    account::CloudflareAccount,
    credentials::Credentials,
    from_env,
    namespace::CloudflareNamespace,
    rate_limit::budget::Budget,
    settings::{Settings, invalid_setting},
};

/// Builder of a [`CloudflareAccount`].
///
/// ```
/// use kv_cloudflare::{Budget, CloudflareAccount};
///
/// let account = CloudflareAccount::builder()
///     .account_id("023e105f4ecef8ad9ca31a8372d0c353")
///     .api_token("a token")
///     .base_url("http://127.0.0.1:8788/client/v4")
///     .budget(Budget::unlimited())
///     .build()?;
/// # let _ = account;
/// # Ok::<(), kv_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CloudflareAccountBuilder {
    settings: Settings,
}

/// Builder of a [`CloudflareNamespace`].
///
/// ```
/// use kv_cloudflare::CloudflareNamespace;
///
/// let namespace = CloudflareNamespace::builder()
///     .account_id("023e105f4ecef8ad9ca31a8372d0c353")
///     .namespace_id("0f2ac74b498b48028cb68387c421e279")
///     .api_token("a token")
///     .build()?;
/// # let _ = namespace;
///
/// let error = CloudflareNamespace::builder().build().unwrap_err();
/// assert!(error.to_string().starts_with("no account id is set"));
/// # Ok::<(), kv_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CloudflareNamespaceBuilder {
    settings: Settings,
    namespace_id: Option<String>,
}

/// Setters that both builders have.
macro_rules! setters {
    ($builder:ident) => {
        impl $builder {
            /// Sets the id of the account: 32 hexadecimal digits. Required.
            #[must_use]
            pub fn account_id(mut self, id: impl Into<String>) -> Self {
                self.settings.account_id = Some(id.into());
                self
            }

            /// Sets an API token with the permission Workers KV Storage Read, or Write. Required, unless a
            /// [`global_api_key`](Self::global_api_key) takes its place; the one that is set last counts. No
            /// `Debug`, error or log shows it.
            #[must_use]
            pub fn api_token(mut self, token: impl Into<SecretString>) -> Self {
                self.settings.credentials = Credentials::Token(token.into());
                self
            }

            /// Sets a user's global API key and e-mail address, in place of an
            /// [`api_token`](Self::api_token). The key has all the user's permissions: a token with the one
            /// that is needed is safer. No `Debug`, error or log shows either.
            #[must_use]
            pub fn global_api_key(mut self, email: impl Into<String>, key: impl Into<SecretString>) -> Self {
                let email = SecretString::from(email.into());
                self.settings.credentials =
                    Credentials::GlobalKey { email: Some(email), key: Some(key.into()) };
                self
            }

            /// Sets the URL of the API up to `/client/v4`: `https://api.cloudflare.com/client/v4` by default.
            /// The environment's proxies are used (`HTTPS_PROXY`, `NO_PROXY`), except for a loopback address.
            #[must_use]
            pub fn base_url(mut self, url: impl Into<String>) -> Self {
                self.settings.base_url = url.into();
                self
            }

            /// Allows a `base_url` of plain `http://` whose host is not a loopback address: others on the
            /// network can then read the token.
            #[must_use]
            pub fn allow_plain_http(mut self, allow: bool) -> Self {
                self.settings.plain_http = allow;
                self
            }

            /// Sets the header `User-Agent`: `kv-cloudflare/` and the version by default.
            #[must_use]
            pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
                self.settings.user_agent = user_agent.into();
                self
            }

            /// Sets the longest time in which a connection is made: 10 s by default.
            #[must_use]
            pub fn connect_timeout(mut self, timeout: Duration) -> Self {
                self.settings.connect_timeout = timeout;
                self
            }

            /// Sets the time without any bytes sent or received after which an attempt is given up: 30 s by
            /// default. It does not cut a large value on a slow line.
            #[must_use]
            pub fn read_timeout(mut self, timeout: Duration) -> Self {
                self.settings.read_timeout = timeout;
                self
            }

            /// Sets the maximum number of idle connections that are kept open: unlimited by default. With 0,
            /// every request opens a connection of its own. One connection of HTTP/2 carries many requests at
            /// once.
            #[must_use]
            pub fn max_idle_connections(mut self, connections: usize) -> Self {
                self.settings.max_idle_connections = connections;
                self
            }

            /// Sets the time after which an idle connection is closed: 90 s by default.
            #[must_use]
            pub fn idle_timeout(mut self, timeout: Duration) -> Self {
                self.settings.idle_timeout = timeout;
                self
            }

            /// Sets the deadline of a call, with its waits for the budget, its attempts and the pauses
            /// between them: 120 s by default. A bulk call gets a new deadline after each of its requests
            /// that the service carries out.
            #[must_use]
            pub fn total_timeout(mut self, timeout: Duration) -> Self {
                self.settings.total_timeout = timeout;
                self
            }

            /// Sets the maximum number of retries of a request after failures that may pass: 4 by default.
            #[must_use]
            pub fn retries(mut self, retries: usize) -> Self {
                self.settings.retries = retries;
                self
            }

            /// Sets the number of keys that one bulk call reads or writes at once where each needs a request
            /// of its own: 16 by default, at least 1. Bulk gets of texts are sent 4 at once at most, and
            /// batches of writes or deletions one after the other.
            #[must_use]
            pub fn concurrency(mut self, requests: usize) -> Self {
                self.settings.concurrency = requests.max(1);
                self
            }

            /// Sets the maximum number of items per request of a bulk write or a bulk deletion: 1,000 by
            /// default, 1 to 10,000 (the service's own limit). If the service is too slow for that many, they
            /// are sent in halves, and the rest of the call keeps to the smaller number.
            #[must_use]
            pub fn bulk_size(mut self, items: usize) -> Self {
                self.settings.bulk_size = items;
                self
            }

            /// Sets the budget of requests: [`Budget::cloudflare`] by default.
            #[must_use]
            pub fn budget(mut self, budget: Budget) -> Self {
                self.settings.budget = budget;
                self
            }

            /// Sets the clock of expirations and of the budget: the system's by default. The service decides
            /// what has expired. With a clock that a test moves, the budget refills only when the test moves
            /// it: set [`Budget::unlimited`] too.
            #[must_use]
            pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
                self.settings.clock = clock;
                self
            }
        }
    };
}

setters!(CloudflareAccountBuilder);
setters!(CloudflareNamespaceBuilder);

impl CloudflareAccountBuilder {
    pub(crate) fn from_env() -> Self {
        Self { settings: from_env::settings() }
    }

    /// Builds the account, without sending a request.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](kv_core::ErrorKind::InvalidInput) if the account's id or the credentials are missing
    /// or malformed, if the token may not be sent to the base URL, or if `bulk_size` is not 1 to 10,000;
    /// [`Other`](kv_core::ErrorKind::Other) if the HTTP client cannot be set up.
    pub fn build(self) -> Result<CloudflareAccount> {
        Ok(CloudflareAccount::new(self.settings.build()?))
    }
}

impl CloudflareNamespaceBuilder {
    pub(crate) fn from_env() -> Self {
        Self { settings: from_env::settings(), namespace_id: None }
    }

    /// Sets the id of the namespace. Required.
    #[must_use]
    pub fn namespace_id(mut self, id: impl Into<String>) -> Self {
        self.namespace_id = Some(id.into());
        self
    }

    /// Builds the namespace, without sending a request; an unknown id fails the first operation.
    ///
    /// # Errors
    ///
    /// Those of [`CloudflareAccountBuilder::build`], and [`InvalidInput`](kv_core::ErrorKind::InvalidInput)
    /// if the namespace's id is missing or malformed.
    pub fn build(self) -> Result<CloudflareNamespace> {
        let client = self.settings.build()?;
        let id = self
            .namespace_id
            .ok_or_else(|| invalid_setting("no namespace id is set: call `namespace_id`"))?;
        Ok(CloudflareNamespace::new(Arc::new(client), NamespaceId::new(id)?))
    }
}
