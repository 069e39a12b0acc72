//! How clients are made.

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

/// How to make a [`CloudflareAccount`].
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

/// How to make a [`CloudflareNamespace`].
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

/// The setters that both builders have.
macro_rules! setters {
    ($builder:ident) => {
        impl $builder {
            /// The id of the account: 32 hexadecimal digits. Required.
            #[must_use]
            pub fn account_id(mut self, id: impl Into<String>) -> Self {
                self.settings.account_id = Some(id.into());
                self
            }

            /// An API token with the permission Workers KV Storage Read, or Write. Required, or a
            /// [`global_api_key`](Self::global_api_key) in its place: the one that is set last counts. It is in no `Debug`, no error
            /// and no log.
            #[must_use]
            pub fn api_token(mut self, token: impl Into<SecretString>) -> Self {
                self.settings.credentials = Credentials::Token(token.into());
                self
            }

            /// A user's global API key and the e-mail address that it goes with, in place of an
            /// [`api_token`](Self::api_token). It may do whatever the user may: a token with the one permission that is needed is
            /// the better choice. Neither is in a `Debug`, an error or a log.
            #[must_use]
            pub fn global_api_key(mut self, email: impl Into<String>, key: impl Into<SecretString>) -> Self {
                let email = SecretString::from(email.into());
                self.settings.credentials =
                    Credentials::GlobalKey { email: Some(email), key: Some(key.into()) };
                self
            }

            /// The address of the API with its `/client/v4`: `https://api.cloudflare.com/client/v4` by default. Variables for
            /// proxies are honoured (`HTTPS_PROXY`, `NO_PROXY`), but not for a loopback address.
            #[must_use]
            pub fn base_url(mut self, url: impl Into<String>) -> Self {
                self.settings.base_url = url.into();
                self
            }

            /// Allows a `base_url` of plain `http://` whose host is not a loopback address: others on the way can then read
            /// the token.
            #[must_use]
            pub fn allow_plain_http(mut self, allow: bool) -> Self {
                self.settings.plain_http = allow;
                self
            }

            /// What requests call themselves: `kv-cloudflare/` and the version by default.
            #[must_use]
            pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
                self.settings.user_agent = user_agent.into();
                self
            }

            /// How long making a connection may take: 10 s by default.
            #[must_use]
            pub fn connect_timeout(mut self, timeout: Duration) -> Self {
                self.settings.connect_timeout = timeout;
                self
            }

            /// For how long nothing may be sent or received before an attempt is given up: 30 s by default. A large value on a
            /// slow line is not cut by it.
            #[must_use]
            pub fn read_timeout(mut self, timeout: Duration) -> Self {
                self.settings.read_timeout = timeout;
                self
            }

            /// How many connections are kept open while nothing is sent over them: any number by default. With 0, every request
            /// has a connection of its own. One connection of HTTP/2 carries many requests at once.
            #[must_use]
            pub fn max_idle_connections(mut self, connections: usize) -> Self {
                self.settings.max_idle_connections = connections;
                self
            }

            /// How long a connection is kept open while nothing is sent over it: 90 s by default.
            #[must_use]
            pub fn idle_timeout(mut self, timeout: Duration) -> Self {
                self.settings.idle_timeout = timeout;
                self
            }

            /// How long a call may take, with its waits for the budget, its attempts and the pauses between them: 120 s by
            /// default. A bulk call has as long again after each of its requests that the service carries out.
            #[must_use]
            pub fn total_timeout(mut self, timeout: Duration) -> Self {
                self.settings.total_timeout = timeout;
                self
            }

            /// How often a request is sent again after a failure that may pass: 4 times by default.
            #[must_use]
            pub fn retries(mut self, retries: usize) -> Self {
                self.settings.retries = retries;
                self
            }

            /// Keys that one bulk call reads or writes singly at once: 16 by default, 1 at least. Bulk gets of texts go 4 at once
            /// at most, and requests of bulk writes and bulk deletions one after the other.
            #[must_use]
            pub fn concurrency(mut self, requests: usize) -> Self {
                self.settings.concurrency = requests.max(1);
                self
            }

            /// Maximum number of items per request of a bulk write or a bulk deletion: 1,000 by default, 1 to 10,000
            /// (the service's own limit). Where the service is too slow for that many, they are sent in halves, and the
            /// rest of the call keeps to the number that it was fast enough for.
            #[must_use]
            pub fn bulk_size(mut self, items: usize) -> Self {
                self.settings.bulk_size = items;
                self
            }

            /// How many requests the client allows itself: [`Budget::cloudflare`] by default.
            #[must_use]
            pub fn budget(mut self, budget: Budget) -> Self {
                self.settings.budget = budget;
                self
            }

            /// The clock by which deadlines are judged and the budget refills; the machine's by default. What has expired is for
            /// the service to say. With a clock that a test moves, the budget refills only when the test does: give
            /// [`Budget::unlimited`] beside it.
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

    /// The account. It sends nothing.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](kv_core::ErrorKind::InvalidInput) if the account's id or the credentials are missing or malformed, if the base URL is
    /// none that the token may be sent to, or if `bulk_size` is not 1 to 10,000; [`Other`](kv_core::ErrorKind::Other) if TLS cannot be set up.
    pub fn build(self) -> Result<CloudflareAccount> {
        Ok(CloudflareAccount::new(self.settings.build()?))
    }
}

impl CloudflareNamespaceBuilder {
    pub(crate) fn from_env() -> Self {
        Self { settings: from_env::settings(), namespace_id: None }
    }

    /// The id of the namespace. Required.
    #[must_use]
    pub fn namespace_id(mut self, id: impl Into<String>) -> Self {
        self.namespace_id = Some(id.into());
        self
    }

    /// The namespace. It sends nothing: that there is none with this id shows at the first operation.
    ///
    /// # Errors
    ///
    /// As [`CloudflareAccountBuilder::build`], and [`InvalidInput`](kv_core::ErrorKind::InvalidInput) if the namespace's id is missing or malformed.
    pub fn build(self) -> Result<CloudflareNamespace> {
        let client = self.settings.build()?;
        let id = self
            .namespace_id
            .ok_or_else(|| invalid_setting("no namespace id is set: call `namespace_id`"))?;
        Ok(CloudflareNamespace::new(Arc::new(client), NamespaceId::new(id)?))
    }
}
