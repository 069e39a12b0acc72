//! Builder of a server.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use kv_core::{Clock, Error, ErrorKind, KvStore, Result, SystemClock};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::{
    http::{
        body_rules::BodyRules,
        connections::Timeouts,
        error::error,
        memory::{self, Memory},
    },
    server::KvServer,
    state::{
        account_id::AccountId, app_state::AppState, credentials::Credentials, in_flight::Permits,
        local_access::LocalAccess, metrics::Metrics, rate_limits::RateLimits, readiness::Readiness,
        titles::Titles,
    },
};

/// Upper bound of timeouts: a timer overflows at much longer ones.
const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Builder of a [`KvServer`].
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use kv_memory::MemoryStore;
/// use kv_server::KvServer;
///
/// let server = KvServer::builder(Arc::new(MemoryStore::new()))
///     .account_id("023e105f4ecef8ad9ca31a8372d0c353")
///     .token("a-token")
///     .max_concurrent_requests(100)
///     .grace_period(Duration::from_secs(5))
///     .build()?;
/// # let _ = server;
/// # Ok::<(), kv_core::Error>(())
/// ```
pub struct KvServerBuilder {
    store: Arc<dyn KvStore>,
    clock: Arc<dyn Clock>,
    account_id: String,
    token: Option<SecretString>,
    allowed_hosts: Vec<String>,
    max_concurrent_requests: usize,
    max_concurrent_uploads: Option<usize>,
    max_connections: usize,
    max_memory: usize,
    min_body_rate: u32,
    timeouts: Timeouts,
    emulate_rate_limits: bool,
}

impl KvServerBuilder {
    pub(crate) fn new(store: Arc<dyn KvStore>) -> Self {
        Self {
            store,
            clock: Arc::new(SystemClock),
            account_id: AccountId::DEFAULT.to_owned(),
            token: None,
            allowed_hosts: Vec::new(),
            max_concurrent_requests: 512,
            max_concurrent_uploads: None,
            max_connections: 900,
            max_memory: memory::DEFAULT_BYTES,
            min_body_rate: 1024,
            timeouts: Timeouts {
                header: Duration::from_secs(60),
                stall: Duration::from_secs(30),
                grace: Duration::from_secs(10),
            },
            emulate_rate_limits: false,
        }
    }

    /// Sets the clock that expirations are checked against and requests are timed by; the system's by
    /// default. Give the store the same one.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the id of the server's one account: 32 hexadecimal digits; [`KvServer::DEFAULT_ACCOUNT_ID`] by
    /// default.
    #[must_use]
    pub fn account_id(mut self, account_id: impl Into<String>) -> Self {
        self.account_id = account_id.into();
        self
    }

    /// Sets the token that every request has to bring, as `Authorization: Bearer`, or as `X-Auth-Key` with
    /// any `X-Auth-Email`: one or more characters of visible ASCII. Without a token, any credentials are
    /// accepted; the server then listens on the loopback interface alone, and refuses requests from pages of
    /// other sites.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into().into());
        self
    }

    /// Allows one more host under which a server without a token answers, such as `host.docker.internal`: a
    /// name or an address, without a port. `localhost`, names that end in it, and loopback addresses are
    /// always allowed; all others are refused, so that no page of another site can use the server through a
    /// browser on this machine. With a token, every host is allowed.
    #[must_use]
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.allowed_hosts.push(host.into());
        self
    }

    /// Sets the maximum number of concurrent requests, 512 by default. One more is answered 503 with
    /// `Retry-After`.
    #[must_use]
    pub fn max_concurrent_requests(mut self, requests: usize) -> Self {
        self.max_concurrent_requests = requests;
        self
    }

    /// Sets the maximum number of concurrent requests with a body, bulk gets included: three quarters of
    /// [`max_concurrent_requests`](Self::max_concurrent_requests) by default, so that slow uploads leave
    /// permits for other requests.
    #[must_use]
    pub fn max_concurrent_uploads(mut self, uploads: usize) -> Self {
        self.max_concurrent_uploads = Some(uploads);
        self
    }

    /// Sets the maximum number of connections that are served, 900 by default: fewer than the 1,024 file
    /// descriptors that a process has on most systems. Up to 16 more are answered 503 with `Retry-After` and
    /// closed; further ones wait until one of these ends.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Sets the memory budget of all requests together, in bytes: bodies as they are received, the structures
    /// that they are parsed into, and values until the client has read them. 512 MiB by default, at least 96
    /// MiB.
    ///
    /// A request that does not fit waits for up to 5 s, then is answered 503 with `Retry-After`; one of up to
    /// 64 KiB never waits. A bulk write takes four times the length of its body; one that exceeds the whole
    /// budget is answered 413. The store's memory and the buffers of connections are not counted.
    #[must_use]
    pub fn max_memory(mut self, bytes: usize) -> Self {
        self.max_memory = bytes;
        self
    }

    /// Sets the minimum rate at which a client has to send a body or read a response, in bytes per second:
    /// 1,024 by default, 0 for no minimum. A client may fall behind it by
    /// [`stall_timeout`](Self::stall_timeout).
    #[must_use]
    pub fn min_body_rate(mut self, bytes_per_second: u32) -> Self {
        self.min_body_rate = bytes_per_second;
        self
    }

    /// Sets the time limit for the head of a connection's next request, 60 s by default, at most a year. It
    /// bounds the idle time between two requests too.
    #[must_use]
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.header = timeout.min(MAX_TIMEOUT);
        self
    }

    /// Sets the longest pause of a client as it sends a body or reads a response, 30 s by default, at most a
    /// year.
    #[must_use]
    pub fn stall_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.stall = timeout.min(MAX_TIMEOUT);
        self
    }

    /// Sets the time limit at shutdown for requests that are under way, 10 s by default.
    #[must_use]
    pub fn grace_period(mut self, period: Duration) -> Self {
        self.timeouts.grace = period;
        self
    }

    /// Emulates Cloudflare's rate limits, for tests of clients: a second write to a key within a second, and
    /// more than 1,200 requests in 5 minutes, are answered 429 with code 971. Off by default.
    #[must_use]
    pub fn emulate_rate_limits(mut self, emulate: bool) -> Self {
        self.emulate_rate_limits = emulate;
        self
    }

    /// Builds the server.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](kv_core::ErrorKind::InvalidInput) if the account id is not 32 hexadecimal digits, the
    /// token is empty or has characters other than visible ASCII, an allowed host is malformed, a maximum is
    /// 0, the maximum number of concurrent requests is more than a semaphore can count, or the memory is less
    /// than 96 MiB.
    pub fn build(self) -> Result<KvServer> {
        let account_id = parse_account_id(&self.account_id)?;
        if let Some(token) = &self.token {
            check_token(token)?;
        }
        let local_access = LocalAccess::new(self.allowed_hosts).map_err(|host| {
            invalid(format!(
                "allowed host is malformed: {host:?} (give a name or an address, without scheme or port)"
            ))
        })?;
        let uploads = self.max_concurrent_uploads;
        check_min("max_concurrent_requests", self.max_concurrent_requests)?;
        check_min("max_concurrent_uploads", uploads.unwrap_or(1))?;
        check_min("max_connections", self.max_connections)?;
        if self.max_concurrent_requests > Semaphore::MAX_PERMITS {
            return Err(invalid(format!(
                "max_concurrent_requests is too large: {} (max {})",
                self.max_concurrent_requests,
                Semaphore::MAX_PERMITS
            )));
        }
        if self.max_memory < memory::MIN_BYTES {
            return Err(invalid(format!(
                "max_memory is too small: {} bytes (min {})",
                self.max_memory,
                memory::MIN_BYTES
            )));
        }
        let uploads = uploads.unwrap_or(self.max_concurrent_requests.saturating_mul(3) / 4).max(1);
        let rate_limits = self.emulate_rate_limits.then(|| RateLimits::new(Arc::clone(&self.clock)));
        let state = AppState {
            store: self.store,
            clock: self.clock,
            account_id,
            credentials: Credentials::new(self.token),
            local_access,
            permits: Permits::new(self.max_concurrent_requests, uploads),
            body_rules: BodyRules {
                stall_timeout: self.timeouts.stall,
                min_rate: self.min_body_rate,
                memory: Memory::new(self.max_memory),
            },
            metrics: Metrics::new(),
            readiness: Readiness::new(),
            titles: Titles::default(),
            rate_limits,
        };
        Ok(KvServer::new(Arc::new(state), self.max_connections, self.timeouts))
    }
}

fn parse_account_id(text: &str) -> Result<AccountId> {
    AccountId::new(text).ok_or_else(|| match text.chars().count() {
        AccountId::LEN => invalid("account id has characters other than hexadecimal digits"),
        chars => invalid(format!(
            "account id is malformed: {chars} characters (needs {} hexadecimal digits)",
            AccountId::LEN
        )),
    })
}

/// Checks that a token can be sent in a header.
fn check_token(token: &SecretString) -> Result<()> {
    let token = token.expose_secret();
    if token.is_empty() {
        return Err(invalid("token is empty: set one, or leave the token out"));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid("token is malformed: it needs visible ASCII characters without spaces"));
    }
    Ok(())
}

fn check_min(name: &str, given: usize) -> Result<()> {
    if given == 0 { Err(invalid(format!("{name} is too small: 0 (min 1)"))) } else { Ok(()) }
}

fn invalid(message: impl Into<Cow<'static, str>>) -> Error {
    error(ErrorKind::InvalidInput, message).with_operation("build")
}

impl fmt::Debug for KvServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KvServerBuilder")
            .field("store", &self.store)
            .field("account_id", &self.account_id)
            .field("has_token", &self.token.is_some())
            .finish_non_exhaustive()
    }
}
