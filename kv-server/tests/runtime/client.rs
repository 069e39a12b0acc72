//! Client that sends requests as the runtime does.

use std::fmt::Write as _;

use kv_core::Timestamp;
use tokio::io::AsyncWriteExt as _;

use crate::support::{
    client::read_response,
    response::Response,
    server::{Server, TOKEN},
};

/// Time of the server's clock.
pub(crate) const NOW: u64 = 1000;
/// Title of the namespace that requests are for.
pub(crate) const TITLE: &str = "größe 😀";

/// Starts a server with an empty namespace [`TITLE`], and its clock at [`NOW`].
pub(crate) async fn start() -> Server {
    let server = Server::start().await;
    server.clock.set(Timestamp::from_secs(NOW).unwrap());
    server.store.open_namespace(TITLE).await.unwrap();
    server
}

/// Returns the headers of a request for a namespace, by title or id, with the token.
pub(crate) fn headers_for(namespace: &str) -> String {
    format!("x-kv-namespace: {namespace}\r\nauthorization: Bearer {TOKEN}\r\n")
}

/// Sends a request for [`TITLE`].
pub(crate) async fn ask(server: &Server, method: &str, target: &str, body: impl AsRef<[u8]>) -> Response {
    ask_with(server, method, target, "", body).await
}

/// Sends a request for [`TITLE`] with more headers, each of which ends with CRLF.
pub(crate) async fn ask_with(
    server: &Server,
    method: &str,
    target: &str,
    headers: &str,
    body: impl AsRef<[u8]>,
) -> Response {
    let body = body.as_ref();
    let length = format!("content-length: {}\r\n", body.len());
    send(server, method, target, &[&headers_for(TITLE), headers, &length].concat(), body).await
}

/// Sends a get of the key `k` in a namespace, by title or id.
pub(crate) async fn get(server: &Server, namespace: &str) -> Response {
    send(server, "GET", "/k", &headers_for(namespace), &[]).await
}

/// Sends a request with these headers, and those that do not matter.
pub(crate) async fn send(
    server: &Server,
    method: &str,
    target: &str,
    headers: &str,
    body: &[u8],
) -> Response {
    let mut connection = server.connect().await;
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: fake-host\r\ncf-kv-flprod-405: https://fake-host{target}\r\nconnection: close\r\n{headers}\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(body).await.unwrap();
    read_response(&mut connection).await
}

/// Escapes every byte of a text, as one segment of a path.
pub(crate) fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        write!(escaped, "%{byte:02X}").unwrap();
        escaped
    })
}
