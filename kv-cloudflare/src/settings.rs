//! Settings that a client is built from.

use std::{borrow::Cow, net::IpAddr, sync::Arc, time::Duration};

use kv_core::{Clock, Error, ErrorKind, Result, SystemClock};
use reqwest::{Url, redirect};

use crate::{
    api::{errors, urls::AccountUrls},
    calls::bulk::batches,
    credentials::Credentials,
    http::{client::Client, drain::Drain},
    rate_limit::{budget::Budget, deadline::YEAR, limiter::Limiter, usage::Counters},
};

/// Settings that the builders collect.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) account_id: Option<String>,
    pub(crate) credentials: Credentials,
    pub(crate) base_url: String,
    pub(crate) user_agent: String,
    pub(crate) connect_timeout: Duration,
    pub(crate) read_timeout: Duration,
    pub(crate) total_timeout: Duration,
    pub(crate) max_idle_connections: usize,
    pub(crate) idle_timeout: Duration,
    pub(crate) retries: usize,
    pub(crate) concurrency: usize,
    pub(crate) bulk_size: usize,
    pub(crate) budget: Budget,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) plain_http: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            account_id: None,
            credentials: Credentials::Missing,
            base_url: "https://api.cloudflare.com/client/v4".to_owned(),
            user_agent: concat!("kv-cloudflare/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(120),
            max_idle_connections: usize::MAX,
            idle_timeout: Duration::from_secs(90),
            retries: 4,
            concurrency: 16,
            bulk_size: batches::DEFAULT_BULK_SIZE,
            budget: Budget::cloudflare(),
            clock: Arc::new(SystemClock),
            plain_http: false,
        }
    }
}

/// Setting that is missing or malformed.
pub(crate) fn invalid_setting(message: impl Into<Cow<'static, str>>) -> Error {
    errors::new(ErrorKind::InvalidInput, message)
}

impl Settings {
    /// Builds the client that all handles share.
    pub(crate) fn build(self) -> Result<Client> {
        let account_id = self.account_id.as_deref().ok_or_else(|| {
            invalid_setting(
                "no account id is set: call `account_id`, or set CLOUDFLARE_ACCOUNT_ID and use `from_env`",
            )
        })?;
        check_account_id(account_id)?;
        let authorization = self.credentials.clone().into_authorization()?;
        let base = check_base_url(&self.base_url, self.plain_http)?;
        let urls = AccountUrls::new(base.clone(), account_id);
        Ok(Client {
            http: self.http(&base)?,
            urls,
            authorization,
            limiter: Limiter::new(self.budget, Arc::clone(&self.clock)),
            counters: Counters::default(),
            drain: Drain::default(),
            clock: self.clock,
            read_timeout: self.read_timeout.min(YEAR),
            total_timeout: self.total_timeout,
            retries: self.retries,
            concurrency: self.concurrency,
            bulk_size: check_bulk_size(self.bulk_size)?,
        })
    }

    fn http(&self, base: &Url) -> Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .user_agent(&self.user_agent)
            .connect_timeout(self.connect_timeout)
            // A redirect would send the token elsewhere.
            .redirect(redirect::Policy::none())
            // Retries are this crate's own, with the budget and the deadline.
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(self.max_idle_connections)
            .pool_idle_timeout(self.idle_timeout.min(YEAR))
            .tcp_keepalive(Duration::from_secs(60))
            .http2_adaptive_window(true);
        if is_loopback(base) {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| {
            let message = "cannot set up the HTTP client: see the cause, and check `user_agent`";
            errors::new(ErrorKind::Other, message).with_source(error.without_url())
        })
    }
}

fn check_account_id(id: &str) -> Result<()> {
    if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(());
    }
    let chars = id.chars().count();
    Err(invalid_setting(format!(
        "`account_id` is malformed: {chars} characters (needs 32 hexadecimal digits)"
    )))
}

fn check_bulk_size(items: usize) -> Result<usize> {
    match items {
        0 => Err(invalid_setting("`bulk_size` is too small: 0 items (min 1)")),
        1..=batches::MAX_BULK_SIZE => Ok(items),
        _ => Err(invalid_setting(format!(
            "`bulk_size` is too large: {items} items (max {})",
            batches::MAX_BULK_SIZE
        ))),
    }
}

/// Returns the base URL, if the token may be sent there. The error does not quote it: it may hold a password.
fn check_base_url(text: &str, plain_http: bool) -> Result<Url> {
    let url = Url::parse(text)
        .map_err(|_| invalid_setting("`base_url` is not a URL: give one that ends in `/client/v4`"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid_setting(
            "`base_url` holds a user name or a password: remove it, since only the API token or key is sent",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid_setting("`base_url` holds a query or a fragment: end it with `/client/v4`"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if plain_http || is_loopback(&url) => Ok(url),
        "http" => Err(invalid_setting(
            "`base_url` is plain http to a host that is not loopback, where others can read the token: use \
             https, or call `allow_plain_http`",
        )),
        _ => Err(invalid_setting("`base_url` is neither https nor http: use https")),
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
