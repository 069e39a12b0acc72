//! A visitor of the service: an HTTP client that says what it does, and insists on the answer.

use reqwest::{
    Client, ClientBuilder, Method, StatusCode,
    header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE},
};
use serde_json::{Value, json};

use crate::{Failure, cookie, server::Server, session_id::SessionId};

/// A visitor with cookies of its own.
pub(crate) struct Browser {
    name: &'static str,
    http: Client,
}

/// What the service answered.
pub(crate) struct Answer {
    pub(crate) set_cookie: Option<String>,
    pub(crate) body: Value,
}

impl Browser {
    /// A browser, which keeps the cookies that it is given, and drops those that it is told to.
    pub(crate) fn new(name: &'static str) -> Result<Self, Failure> {
        Self::build(name, Client::builder().cookie_store(true))
    }

    /// A client that sends `cookie` with every request, whatever the service says.
    pub(crate) fn with_fixed_cookie(name: &'static str, cookie: &str) -> Result<Self, Failure> {
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(cookie)?)]);
        Self::build(name, Client::builder().default_headers(headers))
    }

    /// Somebody who wrote down the cookie of `id`.
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
        id.ok_or_else(|| "the login answered without the cookie of a session".into())
    }

    pub(crate) async fn log_out(&self, server: &Server) -> Result<(), Failure> {
        let answer = self.post(server, "/logout", None, StatusCode::NO_CONTENT).await?;
        if answer.set_cookie.as_deref() != Some(&cookie::forget()) {
            return Err("the logout left the cookie in the browser".into());
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
        let mut said = format!("  {}: {method} {path}", self.name);
        let mut request = self.http.request(method, server.url() + path);
        if let Some(body) = body {
            said = format!("{said} {body}");
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
        said = match &body {
            Value::Null => format!("{said} -> {status}"),
            body => format!("{said} -> {status} {body}"),
        };
        println!("{said}");
        if status != expected {
            return Err(format!("expected {expected}, but this came back:{said}").into());
        }
        Ok(Answer { set_cookie, body })
    }
}
