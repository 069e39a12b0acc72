//! Builder of a server.

use std::{fmt, sync::Arc, time::Duration};

use kv_core::{Clock, Error, ErrorKind, KvStore, Result, SystemClock};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::{
    http::{
        body_rules::BodyRules,
        connections::Timeouts,
        memory::{self, Memory},
        permits::Permits,
    },
    server::KvServer,
    state::{
        account_id::AccountId, app_state::AppState, credentials::Credentials, local_access::LocalAccess,
        metrics::Metrics, rate_limits::RateLimits, readiness::Readiness, titles::Titles,
    },
};

/// A moment much later than that is none that a timer knows.
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

    /// The clock against which deadlines are checked, and by which requests are timed; the machine's by default. Give the
    /// store the same one.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The one account that the server has: 32 hexadecimal digits;
    /// [`KvServer::DEFAULT_ACCOUNT_ID`] by default.
    #[must_use]
    pub fn account_id(mut self, account_id: impl Into<String>) -> Self {
        self.account_id = account_id.into();
        self
    }

    /// The token that every request has to bring, as `Authorization: Bearer` or as `X-Auth-Key` beside any
    /// `X-Auth-Email`. Without one, any credentials are accepted; the server then listens on the loopback interface alone,
    /// and refuses requests of other sites' pages.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into().into());
        self
    }

    /// One more host under whose name a server without a token may be asked, such as `host.docker.internal`: a name or an
    /// address, without a port. By default those are `localhost`, the names that end in it, and loopback addresses, so
    /// that no page of another site can use the server through a browser of this machine. With a token, every host is fine.
    #[must_use]
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.allowed_hosts.push(host.into());
        self
    }

    /// The most requests that may be under way at once, 512 by default. One more is answered 503 with `Retry-After`.
    #[must_use]
    pub fn max_concurrent_requests(mut self, requests: usize) -> Self {
        self.max_concurrent_requests = requests;
        self
    }

    /// The most of these that may have a body, bulk gets included: three quarters by default, so that clients that send
    /// theirs slowly leave room for others.
    #[must_use]
    pub fn max_concurrent_uploads(mut self, uploads: usize) -> Self {
        self.max_concurrent_uploads = Some(uploads);
        self
    }

    /// The most connections that are served at once, 900 by default: fewer than the 1,024 file descriptors that a process
    /// has on most systems. Up to 16 more are answered 503 with `Retry-After` and closed; the next ones wait until one of
    /// these has ended.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// The memory that all requests may hold together, in bytes: bodies as they come, what they are parsed into, and values
    /// until the client has read them. 512 MiB by default, 96 MiB at least.
    ///
    /// A request for which there is no room waits for 5 s, then is answered 503 with `Retry-After`; one that holds 64 KiB
    /// at most needs none. A bulk write takes four times the length of its body: where that is more than there is, it is
    /// answered 413. What the store itself keeps in memory does not count, nor do the buffers of connections.
    #[must_use]
    pub fn max_memory(mut self, bytes: usize) -> Self {
        self.max_memory = bytes;
        self
    }

    /// The lowest rate at which a client may send a body or read an answer, in bytes per second: 1,024 by default, 0 for
    /// none. It may fall behind by [`stall_timeout`](Self::stall_timeout).
    #[must_use]
    pub fn min_body_rate(mut self, bytes_per_second: u32) -> Self {
        self.min_body_rate = bytes_per_second;
        self
    }

    /// Time that a connection has for the headers of its next request, 60 s by default, a year at most; also the
    /// time that it may be idle between two.
    #[must_use]
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.header = timeout.min(MAX_TIMEOUT);
        self
    }

    /// Longest pause of a client while it sends a body or reads an answer, 30 s by default, a year at most.
    #[must_use]
    pub fn stall_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.stall = timeout.min(MAX_TIMEOUT);
        self
    }

    /// Time that requests which are under way at shutdown have to finish, 10 s by default.
    #[must_use]
    pub fn grace_period(mut self, period: Duration) -> Self {
        self.timeouts.grace = period;
        self
    }

    /// Refuses, as Cloudflare does, a second write to a key within a second and more than 1,200 requests in 5
    /// minutes: 429 with code 971. Off by default; for tests of clients.
    #[must_use]
    pub fn emulate_rate_limits(mut self, emulate: bool) -> Self {
        self.emulate_rate_limits = emulate;
        self
    }

    /// The server.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](kv_core::ErrorKind::InvalidInput) if the account id is not 32 hexadecimal digits, the token is empty
    /// or holds what no header can (it has to be visible ASCII), an allowed host is malformed, no request, upload or connection
    /// is allowed, or there is too little memory.
    pub fn build(self) -> Result<KvServer> {
        let Some(account_id) = AccountId::new(&self.account_id) else {
            let chars = self.account_id.chars().count();
            return Err(invalid(format!(
                "an account id has 32 hexadecimal digits: the one given has {chars} characters, or others than digits and a to f"
            )));
        };
        if self.token.as_ref().is_some_and(|token| !is_sendable(token.expose_secret())) {
            return Err(invalid(
                "a token has one or more characters of visible ASCII: the one given is empty or has others",
            ));
        }
        let Some(local_access) = LocalAccess::new(&self.allowed_hosts) else {
            return Err(invalid(format!(
                "an allowed host is a name or an address, without a scheme and a port: {:?} were given",
                self.allowed_hosts
            )));
        };
        if self.max_concurrent_requests == 0 || self.max_concurrent_requests > Semaphore::MAX_PERMITS {
            return Err(invalid(format!(
                "the requests under way at once have to be 1 to {}: {} were given",
                Semaphore::MAX_PERMITS,
                self.max_concurrent_requests
            )));
        }
        let uploads =
            self.max_concurrent_uploads.unwrap_or(self.max_concurrent_requests.saturating_mul(3) / 4).max(1);
        if self.max_concurrent_uploads == Some(0) {
            return Err(invalid("the uploads under way at once have to be 1 or more: 0 were given"));
        }
        if self.max_connections == 0 {
            return Err(invalid("the connections at once have to be 1 or more: 0 were given"));
        }
        if self.max_memory < memory::MIN_BYTES {
            return Err(invalid(format!(
                "the memory for requests is too small: {} bytes (min {})",
                self.max_memory,
                memory::MIN_BYTES
            )));
        }
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

fn is_sendable(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidInput, env!("CARGO_PKG_NAME"), message).with_operation("build")
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
