//! HTTP transport that redirects requests for Cloudflare to the server under test, since the service has a
//! fixed address.

use std::sync::Arc;

use futures_util::stream;
use http::{Request, Response};
use opendal::{Buffer, Error, ErrorKind, HttpBody, HttpTransport, Result};

const CLOUDFLARE: &str = "https://api.cloudflare.com/";

/// Transport to one server.
pub(crate) struct Loopback {
    client: reqwest::Client,
    server: Arc<str>,
}

impl Loopback {
    /// Returns a transport to the server at a URL, which does not end with a slash.
    pub(crate) fn new(server: &str) -> Self {
        Self { client: reqwest::Client::new(), server: server.into() }
    }
}

impl HttpTransport for Loopback {
    async fn fetch(&self, request: Request<Buffer>) -> Result<Response<HttpBody>> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string();
        let Some(path) = url.strip_prefix(CLOUDFLARE) else {
            return Err(
                Error::new(ErrorKind::Unexpected, "not a request for Cloudflare").with_context("url", url)
            );
        };
        let received = self
            .client
            .request(parts.method, format!("{}/{path}", self.server))
            .headers(parts.headers)
            .body(body.to_bytes())
            .send()
            .await
            .map_err(unreachable)?;
        let mut response = Response::new(());
        *response.status_mut() = received.status();
        *response.headers_mut() = received.headers().clone();
        let bytes = received.bytes().await.map_err(unreachable)?;
        let size = u64::try_from(bytes.len()).ok();
        let chunks = Box::pin(stream::once(async move { Ok(Buffer::from(bytes)) }));
        Ok(response.map(|()| HttpBody::new(chunks, size)))
    }
}

fn unreachable(error: reqwest::Error) -> Error {
    Error::new(ErrorKind::Unexpected, "the server cannot be reached").set_source(error)
}
