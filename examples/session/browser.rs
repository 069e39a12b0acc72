//! HTTP client of the service, which prints each request and checks the status of its response.

use reqwest::{
    Client, ClientBuilder, Method, StatusCode,
    header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE},
};
use serde_json::{Value, json};

use crate::{Failure, cookie, server::Server, session_id::SessionId};

/// A client with its own cookies.
pub(crate) struct Browser {
    name: &'static str,
    http: Client,
}

/// Response of the service.
pub(crate) struct Answer {
    pub(crate) set_cookie: Option<String>,
    pub(crate) body: Value,
}

impl Browser {
    /// Returns a client that stores and removes cookies as the responses say.
    pub(crate) fn new(name: &'static str) -> Result<Self, Failure> {
        Self::build(name, Client::builder().cookie_store(true))
    }

    /// Returns a client that sends `cookie` with every request, also after a response removed it.
    pub(crate) fn with_fixed_cookie(name: &'static str, cookie: &str) -> Result<Self, Failure> {
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(cookie)?)]);
        Self::build(name, Client::builder().default_headers(headers))
    }

    /// Returns a client with a copy of the cookie of `id`.
    pub(crate) fn with_copy_of(id: SessionId) -> Result<Self, Failure> {
        Self::with_fixed_cookie("a copy of that cookie", &format!("session={}", id.secret()))
    }

    fn build(name: &'static str, http: ClientBuilder) -> Result<Self, Failure> {
        // The service is on this machine: a proxy that the environment names cannot reach it.
        let http = http.no_proxy().build()?;
        Ok(Self { name, http })
    }

    pub(crate) async fn get(
        &self,
        server: &Server,
        path: &str,
        expected: StatusCode,
    ) -> Result<Answer, Failure> {
        self.send(server, Method::GET, path, None, expected).await
    }

    pub(crate) async fn post(
        &self,
        server: &Server,
        path: &str,
        body: Option<Value>,
        expected: StatusCode,
    ) -> Result<Answer, Failure> {
        self.send(server, Method::POST, path, body, expected).await
    }

    pub(crate) async fn log_in(&self, server: &Server, user: &str) -> Result<SessionId, Failure> {
        let body = json!({ "user": user });
        let answer = self.post(server, "/login", Some(body), StatusCode::OK).await?;
        let id = answer.set_cookie.as_deref().and_then(|set_cookie| {
            let id = set_cookie.strip_prefix("session=")?.get(..32)?;
            SessionId::parse(id.as_bytes()).filter(|id| cookie::keep(*id) == set_cookie)
        });
        id.ok_or_else(|| "the login's response has no session cookie".into())
    }

    pub(crate) async fn log_out(&self, server: &Server) -> Result<(), Failure> {
        let answer = self.post(server, "/logout", None, StatusCode::NO_CONTENT).await?;
        if answer.set_cookie.as_deref() != Some(&cookie::forget()) {
            return Err("the logout's response does not remove the cookie".into());
        }
        Ok(())
    }

    async fn send(
        &self,
        server: &Server,
        method: Method,
        path: &str,
        body: Option<Value>,
        expected: StatusCode,
    ) -> Result<Answer, Failure> {
        let mut line = format!("  {}: {method} {path}", self.name);
        let mut request = self.http.request(method, server.url() + path);
        if let Some(body) = body {
            line = format!("{line} {body}");
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status();
        let set_cookie = response.headers().get(SET_COOKIE).map(HeaderValue::to_str);
        let set_cookie = set_cookie.transpose()?.map(str::to_owned);
        let body = match response.bytes().await? {
            nothing if nothing.is_empty() => Value::Null,
            body => serde_json::from_slice(&body)?,
        };
        line = match &body {
            Value::Null => format!("{line} -> {status}"),
            body => format!("{line} -> {status} {body}"),
        };
        println!("{line}");
        if status != expected {
            return Err(format!("the status is {status} (expected {expected}):{line}").into());
        }
        Ok(Answer { set_cookie, body })
    }
}
