//! Requests that HTTP refuses, byte by byte: each has a status, and an envelope where the server itself answers.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use crate::harness::{Server, TOKEN};

/// The status of an answer, and the code of its envelope; `None` where there is no envelope.
type Outcome = (u16, Option<u64>);

/// The bytes that come back for these before the connection ends.
async fn answer(server: &Server, bytes: &[u8]) -> String {
    let mut connection = server.connect().await;
    // It may be refused before all of it is sent.
    let _ = connection.write_all(bytes).await;
    let _ = connection.shutdown().await;
    let mut answer = Vec::new();
    let _ = timeout(Duration::from_secs(20), connection.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn outcome(answer: &str) -> Outcome {
    let status = answer.split(' ').nth(1).unwrap_or_else(|| panic!("no status: {answer:?}")).parse().unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    if body.is_empty() {
        return (status, None);
    }
    let json: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    let code = json["errors"][0]["code"].as_u64();
    (status, code)
}

/// The headers that let a request in and end its connection.
const TOKEN_LINES: &str = "authorization: Bearer a-token\r\nconnection: close\r\n";
/// The other headers of a put of one byte.
const USUAL: &str = "host: localhost\r\ncontent-length: 1\r\n";
const BY_US: Outcome = (400, Some(10029));
const BY_HYPER: Outcome = (400, None);

/// The fault of a request, its bytes, and what is answered.
type Row = (&'static str, Vec<u8>, Outcome);

/// A put of `v` with the target and more headers.
fn put(target: &str, headers: &str) -> Vec<u8> {
    format!("PUT {target} HTTP/1.1\r\n{TOKEN_LINES}{headers}\r\nv").into_bytes()
}

/// A put of `v` in one chunk, with the headers.
fn put_chunked(target: &str, headers: &str) -> Vec<u8> {
    let head = format!("PUT {target} HTTP/1.1\r\nhost: a\r\n{TOKEN_LINES}{headers}\r\n");
    (head + "1\r\nv\r\n0\r\n\r\n").into_bytes()
}

fn hosts_and_bodies(values: &str) -> Vec<Row> {
    vec![
        ("no host", put(&format!("{values}/k"), "content-length: 1\r\n"), BY_US),
        ("two hosts", put(&format!("{values}/k"), &format!("{USUAL}host: localhost\r\n")), BY_US),
        ("a bad host", put(&format!("{values}/k"), "host: a b\r\ncontent-length: 1\r\n"), BY_US),
        ("a host list", put(&format!("{values}/k"), "host: a, b\r\ncontent-length: 1\r\n"), BY_US),
        (
            "a coding that is not decoded",
            put_chunked(&format!("{values}/k"), "transfer-encoding: gzip, chunked\r\n"),
            BY_US,
        ),
        (
            "chunked twice",
            put_chunked(&format!("{values}/k"), "transfer-encoding: chunked, chunked\r\n"),
            BY_US,
        ),
        (
            "two codings in two headers",
            put_chunked(&format!("{values}/k"), "transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n"),
            BY_US,
        ),
        (
            "chunked in two headers",
            put_chunked(
                &format!("{values}/k"),
                "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
            ),
            BY_US,
        ),
        ("not chunked", put(&format!("{values}/k"), "host: a\r\ntransfer-encoding: gzip\r\n"), BY_HYPER),
        ("two lengths", put(&format!("{values}/k"), &format!("{USUAL}content-length: 2\r\n")), BY_HYPER),
        ("no length", put(&format!("{values}/k"), "host: a\r\ncontent-length: x\r\n"), BY_HYPER),
        ("a signed length", put(&format!("{values}/k"), "host: a\r\ncontent-length: +1\r\n"), BY_HYPER),
        ("a list of lengths", put(&format!("{values}/k"), "host: a\r\ncontent-length: 1, 1\r\n"), BY_HYPER),
        ("a bad chunk", put(&format!("{values}/k"), "host: a\r\ntransfer-encoding: chunked\r\n"), BY_US),
        ("a body that ends early", put(&format!("{values}/k"), "host: a\r\ncontent-length: 2\r\n"), BY_US),
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
        ("a word", put("k", USUAL), BY_US),
        ("an asterisk", put("*", USUAL), BY_US),
        ("an authority", put("localhost:80", USUAL), BY_US),
        ("a bad absolute form", put(&format!("http://{values}/k"), USUAL), BY_HYPER),
        ("no target", format!("PUT HTTP/1.1\r\n{USUAL}\r\nv").into_bytes(), BY_HYPER),
        (
            "CONNECT",
            format!("CONNECT localhost:80 HTTP/1.1\r\n{TOKEN_LINES}{USUAL}\r\nv").into_bytes(),
            BY_US,
        ),
        (
            "CONNECT to a path",
            format!("CONNECT {values}/k HTTP/1.1\r\n{TOKEN_LINES}{USUAL}\r\nv").into_bytes(),
            (405, Some(10405)),
        ),
    ]
}

fn lines(values: &str) -> Vec<Row> {
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
async fn each_has_a_status_and_writes_nothing() {
    let server = Server::start().await;
    let values = format!("{}/values", server.namespace("n").await);
    for (name, bytes, expected) in [hosts_and_bodies(&values), targets(&values), lines(&values)].concat() {
        let answer = answer(&server, &bytes).await;
        assert_eq!(outcome(&answer), expected, "{name}: {answer}");
    }
    // HTTP/2 without an upgrade is the one that has none: what would be answered is no HTTP/2.
    assert_eq!(answer(&server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await, "");
    assert_eq!(server.contents().await["n"].len(), 0);
}

#[tokio::test]
async fn a_later_request_of_a_connection_has_no_fragment_either() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let head = |target: &str, more: &str| {
        format!("PUT {target} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\n{more}\r\n")
    };
    // Values that look like a request with one.
    let value = head(&format!("{namespace}/values/k#x"), "");
    let sized =
        head(&format!("{namespace}/values/a"), &format!("content-length: {}\r\n", value.len())) + &value;
    let chunked = head(&format!("{namespace}/values/b"), "transfer-encoding: chunked\r\n")
        + &format!("{:x}\r\n{value}\r\n0\r\n\r\n", value.len());
    let last = head(&format!("{namespace}/values/c#x"), "content-length: 1\r\n") + "v";
    let answer = answer(&server, (sized + &chunked + &last).as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 400 Bad Request").count(), 1, "{answer}");
    for key in ["a", "b"] {
        assert_eq!(server.stored("n", key).await.unwrap(), value, "{key}");
    }
    assert_eq!(server.contents().await["n"].len(), 2);
}

#[tokio::test]
async fn what_is_unusual_and_allowed_reaches_the_key_that_is_meant() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let token = format!("authorization: Bearer {TOKEN}\r\nconnection: close\r\n");
    let usual = "host: localhost\r\ncontent-length: 1\r\n";
    let values = format!("{namespace}/values");
    let table = [
        // A target with the host in it, which counts.
        (format!("PUT http://localhost{values}/k HTTP/1.1\r\n{token}{usual}\r\nv"), "k"),
        (format!("PUT http://a:1{values}/k/http://b HTTP/1.1\r\n{token}{usual}\r\nv"), "k/http:/b"),
        (format!("PUT {values}/k HTTP/1.0\r\n{token}content-length: 1\r\n\r\nv"), "k"),
        (format!("\r\nPUT {values}/k HTTP/1.1\n{token}{usual}\nv"), "k"),
        (format!("PUT {values}/é HTTP/1.1\r\n{token}{usual}\r\nv"), "é"),
        (format!("PUT {values}/%00 HTTP/1.1\r\n{token}{usual}\r\nv"), "\0"),
        (format!("PUT {values}/a?b HTTP/1.1\r\n{token}{usual}\r\nv"), "a"),
        (format!("PUT {values}/a%3Fb%23c HTTP/1.1\r\n{token}{usual}\r\nv"), "a?b#c"),
        (format!("PUT {values}/!'()*~:@&=$,;[]|^+ HTTP/1.1\r\n{token}{usual}\r\nv"), "!'()*~:@&=$,;[]|^+"),
        (
            format!(
                "PUT {values}/k HTTP/1.1\r\n{token}host: localhost\r\ntransfer-encoding: Chunked\r\n\r\n1\r\nv\r\n0\r\n\r\n"
            ),
            "k",
        ),
        // The chunks count, and nothing else is read from the connection.
        (
            format!(
                "PUT {values}/k HTTP/1.1\r\n{token}{usual}transfer-encoding: chunked\r\n\r\n1\r\nv\r\n0\r\n\r\n"
            ),
            "k",
        ),
    ];
    for (bytes, key) in table {
        let answer = answer(&server, bytes.as_bytes()).await;
        assert_eq!(outcome(&answer), (200, None), "{bytes}: {answer}");
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
