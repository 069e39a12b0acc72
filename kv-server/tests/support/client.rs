//! Clients for tests: one sends requests of the `http` crate, the other sends bytes unchanged.

use std::{io, net::SocketAddr, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, Request},
};
use hyper::{client::conn::http1, ext::ReasonPhrase};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, ToSocketAddrs},
    time::timeout,
};

use super::{response::Response, server::TOKEN};

/// Sends a request on a connection of its own, with a `Host` if it has none.
pub(crate) async fn send(address: SocketAddr, mut request: Request<Body>) -> Response {
    request.headers_mut().entry("host").or_insert(HeaderValue::from_static("localhost"));
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(Body::new(body), usize::MAX).await.unwrap();
    connection.abort();
    let reason = match parts.extensions.get::<ReasonPhrase>() {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None => parts.status.canonical_reason().unwrap_or_default().to_owned(),
    };
    Response { status: parts.status.as_u16(), reason, headers: parts.headers, body }
}

/// Returns a request with the server's token.
pub(crate) fn with_token(method: &str, path: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().header("authorization", format!("Bearer {TOKEN}"));
    request.method(method).uri(path).body(body.into()).unwrap()
}

/// Returns the bytes of a request's head, with the server's token; each line of `headers` ends with CRLF.
pub(crate) fn head(method: &str, target: &str, headers: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\n{headers}\r\n")
}

/// Sends bytes on a connection of its own, and returns all bytes that come until the server closes it.
pub(crate) async fn exchange(address: impl ToSocketAddrs, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(bytes).await?;
    let mut received = Vec::new();
    connection.read_to_end(&mut received).await?;
    Ok(received)
}

/// Reads the response that ends with the connection; waits for 20 s at most.
pub(crate) async fn read_response(connection: &mut TcpStream) -> Response {
    let mut bytes = Vec::new();
    timeout(Duration::from_secs(20), connection.read_to_end(&mut bytes)).await.unwrap().unwrap();
    Response::parse(&bytes).unwrap_or_else(|| panic!("not a whole response: {}", bytes.escape_ascii()))
}
