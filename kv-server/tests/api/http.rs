//! Requests that break HTTP, byte by byte, and unusual ones that do not.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use crate::support::{client::head, response::Response, server::Server};

/// Status of a response, and the error code in its envelope; `None` for a body without an envelope.
type StatusAndCode = (u16, Option<u64>);

/// Sends bytes, and returns all text that comes back before the connection ends.
async fn exchange(server: &Server, bytes: &[u8]) -> String {
    let mut connection = server.connect().await;
    // The server may refuse the request and close the connection before all of it is sent.
    let _ = connection.write_all(bytes).await;
    let _ = connection.shutdown().await;
    let mut text = Vec::new();
    let _ = timeout(Duration::from_secs(20), connection.read_to_end(&mut text)).await.unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

fn status_and_code(text: &str) -> StatusAndCode {
    let response = Response::parse(text.as_bytes()).unwrap_or_else(|| panic!("no response: {text:?}"));
    if response.body.is_empty() {
        return (response.status, None);
    }
    (response.status, response.json()["errors"][0]["code"].as_u64())
}

/// Headers that admit a request and end its connection.
const TOKEN_LINES: &str = "authorization: Bearer a-token\r\nconnection: close\r\n";
/// Other headers of a put of one byte.
const USUAL: &str = "host: localhost\r\ncontent-length: 1\r\n";
/// Response of kv-server itself.
const BY_SERVER: StatusAndCode = (400, Some(10029));
/// Response of hyper, which has no body.
const BY_HYPER: StatusAndCode = (400, None);

/// Name of a fault, the request with it, and the expected response.
type Row = (&'static str, Vec<u8>, StatusAndCode);

/// Returns a put of `v` with the target and more headers.
fn put(target: &str, headers: &str) -> Vec<u8> {
    format!("PUT {target} HTTP/1.1\r\n{TOKEN_LINES}{headers}\r\nv").into_bytes()
}

/// Returns a put of `v` in one chunk, with more headers.
fn put_chunked(target: &str, headers: &str) -> Vec<u8> {
    let head = format!("PUT {target} HTTP/1.1\r\nhost: a\r\n{TOKEN_LINES}{headers}\r\n");
    (head + "1\r\nv\r\n0\r\n\r\n").into_bytes()
}

fn hosts_and_bodies(values: &str) -> Vec<Row> {
    vec![
        ("no host", put(&format!("{values}/k"), "content-length: 1\r\n"), BY_SERVER),
        ("two hosts", put(&format!("{values}/k"), &format!("{USUAL}host: localhost\r\n")), BY_SERVER),
        ("a bad host", put(&format!("{values}/k"), "host: a b\r\ncontent-length: 1\r\n"), BY_SERVER),
        ("a host list", put(&format!("{values}/k"), "host: a, b\r\ncontent-length: 1\r\n"), BY_SERVER),
        (
            "a coding that is not decoded",
            put_chunked(&format!("{values}/k"), "transfer-encoding: gzip, chunked\r\n"),
            BY_SERVER,
        ),
        (
            "chunked twice",
            put_chunked(&format!("{values}/k"), "transfer-encoding: chunked, chunked\r\n"),
            BY_SERVER,
        ),
        (
            "two codings in two headers",
            put_chunked(&format!("{values}/k"), "transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n"),
            BY_SERVER,
        ),
        (
            "chunked in two headers",
            put_chunked(
                &format!("{values}/k"),
                "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
            ),
            BY_SERVER,
        ),
        ("not chunked", put(&format!("{values}/k"), "host: a\r\ntransfer-encoding: gzip\r\n"), BY_HYPER),
        ("two lengths", put(&format!("{values}/k"), &format!("{USUAL}content-length: 2\r\n")), BY_HYPER),
        ("no length", put(&format!("{values}/k"), "host: a\r\ncontent-length: x\r\n"), BY_HYPER),
        ("a signed length", put(&format!("{values}/k"), "host: a\r\ncontent-length: +1\r\n"), BY_HYPER),
        ("a list of lengths", put(&format!("{values}/k"), "host: a\r\ncontent-length: 1, 1\r\n"), BY_HYPER),
        ("a bad chunk", put(&format!("{values}/k"), "host: a\r\ntransfer-encoding: chunked\r\n"), BY_SERVER),
        (
            "a body that ends early",
            put(&format!("{values}/k"), "host: a\r\ncontent-length: 2\r\n"),
            BY_SERVER,
        ),
    ]
}

fn targets(values: &str) -> Vec<Row> {
    let long = "k".repeat(70_000);
    vec![
        ("a fragment", put(&format!("{values}/k#x"), USUAL), BY_HYPER),
        ("a fragment alone", put(&format!("{values}/#"), USUAL), BY_HYPER),
        ("a fragment behind the query", put(&format!("{values}/k?expiration_ttl=60#x"), USUAL), BY_HYPER),
        ("an angle bracket", put(&format!("{values}/<k>"), USUAL), BY_HYPER),
        ("a space", put(&format!("{values}/k x"), USUAL), BY_HYPER),
        ("a tab", put(&format!("{values}/k\tx"), USUAL), BY_HYPER),
        ("NUL", put(&format!("{values}/k\0x"), USUAL), BY_HYPER),
        ("DEL", put(&format!("{values}/k\u{7f}x"), USUAL), BY_HYPER),
        ("CR", put(&format!("{values}/k\rx"), USUAL), BY_HYPER),
        (
            "not UTF-8",
            [
                b"PUT ",
                values.as_bytes(),
                b"/\xff HTTP/1.1\r\n",
                TOKEN_LINES.as_bytes(),
                USUAL.as_bytes(),
                b"\r\nv",
            ]
            .concat(),
            BY_HYPER,
        ),
        ("too long", put(&format!("{values}/{long}"), USUAL), (431, None)),
        ("a key that is too long", put(&format!("{values}/{}", &long[..10_000]), USUAL), (414, Some(10030))),
        ("no slash at the start", put("values/k", USUAL), BY_HYPER),
        ("a word", put("k", USUAL), BY_SERVER),
        ("an asterisk", put("*", USUAL), BY_SERVER),
        ("an authority", put("localhost:80", USUAL), BY_SERVER),
        ("a bad absolute form", put(&format!("http://{values}/k"), USUAL), BY_HYPER),
        ("no target", format!("PUT HTTP/1.1\r\n{USUAL}\r\nv").into_bytes(), BY_HYPER),
        (
            "CONNECT",
            format!("CONNECT localhost:80 HTTP/1.1\r\n{TOKEN_LINES}{USUAL}\r\nv").into_bytes(),
            BY_SERVER,
        ),
        (
            "CONNECT to a path",
            format!("CONNECT {values}/k HTTP/1.1\r\n{TOKEN_LINES}{USUAL}\r\nv").into_bytes(),
            (405, Some(10405)),
        ),
    ]
}

fn request_lines_and_headers(values: &str) -> Vec<Row> {
    vec![
        ("no version", format!("PUT {values}/k\r\n{TOKEN_LINES}{USUAL}\r\nv").into_bytes(), BY_HYPER),
        (
            "another version",
            format!("PUT {values}/k HTTP/2.0\r\n{TOKEN_LINES}{USUAL}\r\nv").into_bytes(),
            BY_HYPER,
        ),
        (
            "another version",
            format!("PUT {values}/k HTTP/1.2\r\n{TOKEN_LINES}{USUAL}\r\nv").into_bytes(),
            BY_HYPER,
        ),
        (
            "another protocol",
            format!("PUT {values}/k ICY/1.1\r\n{TOKEN_LINES}{USUAL}\r\nv").into_bytes(),
            BY_HYPER,
        ),
        (
            "a bad method",
            format!("P(T {values}/k HTTP/1.1\r\n{TOKEN_LINES}{USUAL}\r\nv").into_bytes(),
            BY_HYPER,
        ),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(), BY_HYPER),
        ("a folded header", put(&format!("{values}/k"), &format!("{USUAL}x: a\r\n b\r\n")), BY_HYPER),
        ("a header without a name", put(&format!("{values}/k"), &format!("{USUAL}: a\r\n")), BY_HYPER),
        ("a space before the colon", put(&format!("{values}/k"), &format!("{USUAL}x : a\r\n")), BY_HYPER),
        ("a header without a colon", put(&format!("{values}/k"), &format!("{USUAL}x\r\n")), BY_HYPER),
        ("NUL in a header", put(&format!("{values}/k"), &format!("{USUAL}x: a\0\r\n")), BY_HYPER),
        (
            "too many headers",
            put(&format!("{values}/k"), &(USUAL.to_owned() + &"x: y\r\n".repeat(101))),
            (431, None),
        ),
    ]
}

#[tokio::test]
async fn a_broken_request_has_a_status_and_writes_nothing() {
    let server = Server::start().await;
    let values = format!("{}/values", server.namespace("n").await);
    for (name, bytes, expected) in
        [hosts_and_bodies(&values), targets(&values), request_lines_and_headers(&values)].concat()
    {
        let text = exchange(&server, &bytes).await;
        assert_eq!(status_and_code(&text), expected, "{name}: {text}");
    }
    // HTTP/2 without an upgrade has no response, since one of HTTP/1 would mean nothing to its client.
    assert_eq!(exchange(&server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await, "");
    assert_eq!(server.contents().await["n"].len(), 0);
}

#[tokio::test]
async fn a_fragment_is_refused_in_a_later_request_of_a_connection_too() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let head = |target: &str, headers: &str| head("PUT", target, headers);
    // The values look like a request with a fragment.
    let value = head(&format!("{namespace}/values/k#x"), "");
    let sized =
        head(&format!("{namespace}/values/a"), &format!("content-length: {}\r\n", value.len())) + &value;
    let chunked = head(&format!("{namespace}/values/b"), "transfer-encoding: chunked\r\n")
        + &format!("{:x}\r\n{value}\r\n0\r\n\r\n", value.len());
    let last = head(&format!("{namespace}/values/c#x"), "content-length: 1\r\n") + "v";
    let text = exchange(&server, (sized + &chunked + &last).as_bytes()).await;
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2, "{text}");
    assert_eq!(text.matches("HTTP/1.1 400 Bad Request").count(), 1, "{text}");
    for key in ["a", "b"] {
        assert_eq!(server.stored("n", key).await.unwrap(), value, "{key}");
    }
    assert_eq!(server.contents().await["n"].len(), 2);
}

#[tokio::test]
async fn an_unusual_request_that_is_allowed_reaches_its_key() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let values = format!("{namespace}/values");
    let table = [
        // Targets in absolute form.
        (format!("PUT http://localhost{values}/k HTTP/1.1\r\n{TOKEN_LINES}{USUAL}\r\nv"), "k"),
        (format!("PUT http://a:1{values}/k/http://b HTTP/1.1\r\n{TOKEN_LINES}{USUAL}\r\nv"), "k/http:/b"),
        (format!("PUT {values}/k HTTP/1.0\r\n{TOKEN_LINES}content-length: 1\r\n\r\nv"), "k"),
        (format!("\r\nPUT {values}/k HTTP/1.1\n{TOKEN_LINES}{USUAL}\nv"), "k"),
        (format!("PUT {values}/é HTTP/1.1\r\n{TOKEN_LINES}{USUAL}\r\nv"), "é"),
        (format!("PUT {values}/%00 HTTP/1.1\r\n{TOKEN_LINES}{USUAL}\r\nv"), "\0"),
        (format!("PUT {values}/a?b HTTP/1.1\r\n{TOKEN_LINES}{USUAL}\r\nv"), "a"),
        (format!("PUT {values}/a%3Fb%23c HTTP/1.1\r\n{TOKEN_LINES}{USUAL}\r\nv"), "a?b#c"),
        (
            format!("PUT {values}/!'()*~:@&=$,;[]|^+ HTTP/1.1\r\n{TOKEN_LINES}{USUAL}\r\nv"),
            "!'()*~:@&=$,;[]|^+",
        ),
        (
            format!(
                "PUT {values}/k HTTP/1.1\r\n{TOKEN_LINES}host: localhost\r\ntransfer-encoding: Chunked\r\n\r\n1\r\nv\r\n0\r\n\r\n"
            ),
            "k",
        ),
        // The chunks count, not the length; the rest of the connection is not read.
        (
            format!(
                "PUT {values}/k HTTP/1.1\r\n{TOKEN_LINES}{USUAL}transfer-encoding: chunked\r\n\r\n1\r\nv\r\n0\r\n\r\n"
            ),
            "k",
        ),
    ];
    for (bytes, key) in table {
        let text = exchange(&server, bytes.as_bytes()).await;
        assert_eq!(status_and_code(&text), (200, None), "{bytes}: {text}");
        let stored: Vec<_> = server.contents().await["n"].keys().cloned().collect();
        assert_eq!(stored, [key], "{bytes}");
        assert_eq!(server.stored("n", key).await.unwrap(), "v", "{bytes}");
        let path = format!(
            "{values}/{}",
            percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC)
        );
        server.ask("DELETE", &path, "").await.result();
    }
}
