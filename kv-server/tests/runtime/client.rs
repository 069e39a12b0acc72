//! Requests as the runtime sends them, and answers with their reason phrases.

use std::time::Duration;

use kv_core::Timestamp;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::{Server, TOKEN};

/// What the server's clock shows.
pub(crate) const NOW: u64 = 1000;
/// The title of the namespace that requests are about.
pub(crate) const TITLE: &str = "größe 😀";

/// A server with an empty namespace, and its clock at [`NOW`].
pub(crate) async fn start() -> Server {
    let server = Server::start().await;
    server.clock.set(Timestamp::from_secs(NOW).unwrap());
    server.store.open_namespace(TITLE).await.unwrap();
    server
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) reason: String,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Status and reason, as they stand in the status line.
    pub(crate) fn outcome(&self) -> (u16, &str) {
        (self.status, &self.reason)
    }
}

/// The answer to a request for the namespace.
pub(crate) async fn ask(server: &Server, method: &str, target: &str, body: impl AsRef<[u8]>) -> Answer {
    ask_with(server, method, target, "", body).await
}

/// The same with more headers, each with its line's end.
pub(crate) async fn ask_with(
    server: &Server,
    method: &str,
    target: &str,
    headers: &str,
    body: impl AsRef<[u8]>,
) -> Answer {
    let body = body.as_ref();
    let namespace = format!("x-kv-namespace: {TITLE}\r\nauthorization: Bearer {TOKEN}\r\n");
    let length = format!("content-length: {}\r\n", body.len());
    send(server, method, target, &[&namespace, headers, &length].concat(), body).await
}

/// The answer to a request with these headers and no others that matter.
pub(crate) async fn send(server: &Server, method: &str, target: &str, headers: &str, body: &[u8]) -> Answer {
    let mut connection = server.connect().await;
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: fake-host\r\ncf-kv-flprod-405: https://fake-host{target}\r\nconnection: close\r\n{headers}\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(body).await.unwrap();
    read(&mut connection).await
}

/// The answer that ends with the connection.
pub(crate) async fn read(connection: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), connection.read_to_end(&mut bytes)).await.unwrap().unwrap();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status_line = head.lines().next().unwrap().strip_prefix("HTTP/1.1 ").unwrap();
    let (status, reason) = status_line.split_once(' ').unwrap();
    let (status, reason) = (status.parse().unwrap(), reason.to_owned());
    let mut answer = Answer { status, reason, body: bytes[end + 4..].to_vec(), head };
    if answer.header("transfer-encoding") == Some("chunked") {
        answer.body = without_framing(&answer.body);
    }
    answer
}

/// Bytes that the chunks of a body hold.
fn without_framing(mut framed: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let line = framed.windows(2).position(|window| window == b"\r\n").unwrap();
        let len = usize::from_str_radix(std::str::from_utf8(&framed[..line]).unwrap(), 16).unwrap();
        let chunk = &framed[line + 2..];
        if len == 0 {
            assert_eq!(chunk, b"\r\n", "the last chunk");
            return body;
        }
        body.extend_from_slice(&chunk[..len]);
        framed = chunk[len..].strip_prefix(b"\r\n").unwrap();
    }
}

/// `text` as one segment of a path, with every byte escaped.
pub(crate) fn escaped(text: &str) -> String {
    use std::fmt::Write as _;

    text.bytes().fold(String::new(), |mut escaped, byte| {
        write!(escaped, "%{byte:02X}").unwrap();
        escaped
    })
}
