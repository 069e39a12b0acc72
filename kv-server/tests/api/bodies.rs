//! Bodies that are too long, too slow, or cut off.

use std::time::Duration;

use axum::body::Body;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::harness::{NAMESPACES, Server, TOKEN};

const VALUE: usize = 26_214_400;
const BULK: usize = 100_000_000;

/// The head of a request, with what is said about its body.
fn head(method: &str, path: &str, about_body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\n{about_body}\r\n\r\n"
    )
}

/// Head of an answer, and its body as far as it came with it.
async fn answer(connection: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut bytes = [0; 4096];
    while !text.contains("\"messages\"") {
        let read = timeout(Duration::from_secs(20), connection.read(&mut bytes)).await.unwrap().unwrap();
        assert_ne!(read, 0, "the connection ended after {text:?}");
        text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
    text
}

fn assert_too_large(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("\"code\":10024"), "{answer}");
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_refused_before_it_is_sent() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let form = "content-type: multipart/form-data; boundary=B\r\n";
    let table = [
        ("PUT", "/values/k", String::new(), VALUE + 1),
        ("PUT", "/values/k", form.to_owned(), VALUE + 65_537),
        ("PUT", "/bulk", String::new(), BULK + 1),
        ("POST", "/bulk/delete", String::new(), BULK + 1),
        ("DELETE", "/bulk", String::new(), BULK + 1),
        ("POST", "/bulk/get", String::new(), (1 << 20) + 1),
        ("PUT", "", String::new(), (1 << 20) + 1),
        ("PUT", "/values/k", String::new(), usize::MAX / 2),
    ];
    for (method, path, headers, len) in table {
        for expect in ["", "\r\nexpect: 100-continue"] {
            let mut connection = server.connect().await;
            let about = format!("{headers}content-length: {len}{expect}");
            connection
                .write_all(head(method, &format!("{namespace}{path}"), &about).as_bytes())
                .await
                .unwrap();
            assert_too_large(&answer(&mut connection).await);
        }
    }
    assert_eq!(server.stored("n", "k").await, None);
}

#[tokio::test]
async fn what_can_be_refused_without_the_body_is() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let (unknown, elsewhere) =
        (format!("{NAMESPACES}/{}", "f".repeat(32)), namespace.replace("abcdef/", "abcdee/"));
    let table = [
        ("PUT", format!("{unknown}/bulk"), 404, 10013),
        ("DELETE", format!("{unknown}/bulk"), 404, 10013),
        ("POST", format!("{unknown}/bulk/delete"), 404, 10013),
        ("PUT", format!("{elsewhere}/bulk"), 403, 10000),
        ("PUT", format!("{namespace}/values/.."), 400, 10042),
        ("PUT", format!("{namespace}/values/k?expiration_ttl=1"), 400, 10034),
        ("POST", format!("{namespace}/bulk"), 405, 10405),
    ];
    for (method, path, status, code) in table {
        let mut connection = server.connect().await;
        let about = "content-length: 1000\r\nexpect: 100-continue";
        connection.write_all(head(method, &path, about).as_bytes()).await.unwrap();
        // Not `100 Continue`.
        let answer = answer(&mut connection).await;
        let expected = (format!("HTTP/1.1 {status} "), format!("\"code\":{code},"));
        assert!(answer.starts_with(&expected.0) && answer.contains(&expected.1), "{method} {path}: {answer}");
    }
    assert_eq!(server.contents().await["n"].len(), 0);
}

#[tokio::test]
async fn a_body_that_does_not_say_is_refused_when_it_passes_the_limit() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let chunk = [b"80000\r\n".to_vec(), vec![b'x'; 0x8_0000], b"\r\n".to_vec()].concat();
    for (method, path, limit) in [("PUT", "/values/k", VALUE), ("PUT", "/bulk", BULK)] {
        let mut connection = server.connect().await;
        let about = "transfer-encoding: chunked";
        connection.write_all(head(method, &format!("{namespace}{path}"), about).as_bytes()).await.unwrap();
        // It is never finished, so an answer can only come of the count.
        for _ in 0..=limit / 0x8_0000 {
            connection.write_all(&chunk).await.unwrap();
        }
        assert_too_large(&answer(&mut connection).await);
    }
    assert_eq!(server.contents().await["n"].len(), 0);
}

#[tokio::test]
async fn a_client_that_sends_its_whole_body_first_still_sees_the_refusal() {
    let server = Server::start().await;
    let path = format!("{}/values/k", server.namespace("n").await);
    let body = vec![b'x'; VALUE + 1_000_000];
    for _ in 0..5 {
        let mut connection = server.connect().await;
        let about = format!("content-length: {}", body.len());
        connection.write_all(head("PUT", &path, &about).as_bytes()).await.unwrap();
        connection.write_all(&body).await.unwrap();
        assert_too_large(&answer(&mut connection).await);
        // What was read on leaves the connection as good as new.
        connection.write_all(head("PUT", &path, "content-length: 1").as_bytes()).await.unwrap();
        connection.write_all(b"x").await.unwrap();
        assert!(answer(&mut connection).await.starts_with("HTTP/1.1 200 "));
    }
}

#[tokio::test]
async fn a_refusal_arrives_however_long_the_body_is() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    // Up to the longest body of any endpoint, beyond it, and beyond what is drained before the connection is closed.
    let table = [
        ("PUT", "/values/k", 60_000_000),
        ("PUT", "/bulk", 101_000_000),
        ("POST", "/bulk/get", 120_000_000),
        ("PUT", "/values/k", 300_000_000),
    ];
    let body = vec![b'x'; 1_000_000];
    for (method, path, len) in table {
        for about in [format!("content-length: {len}"), "transfer-encoding: chunked".to_owned()] {
            let mut connection = server.connect().await;
            let head = head(method, &format!("{namespace}{path}"), &about);
            connection.write_all(head.as_bytes()).await.unwrap();
            // All of it is sent before the answer is looked at.
            for _ in 0..len / body.len() {
                if about.starts_with("transfer") {
                    connection.write_all(format!("{:x}\r\n", body.len()).as_bytes()).await.unwrap();
                }
                connection.write_all(&body).await.unwrap();
                if about.starts_with("transfer") {
                    connection.write_all(b"\r\n").await.unwrap();
                }
            }
            assert_too_large(&answer(&mut connection).await);
        }
    }
}

#[tokio::test]
async fn the_longest_value_is_taken_in_every_way() {
    let server = Server::start().await;
    let path = format!("{}/values/k", server.namespace("n").await);
    let value = vec![b'x'; VALUE];
    server.ask("PUT", &path, value.clone()).await.result();
    assert_eq!(server.ask("GET", &path, Body::empty()).await.body.len(), VALUE);

    let chunks = value.chunks(1_000_000).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()));
    let stream = futures_util::stream::iter(chunks.collect::<Vec<_>>());
    server.ask("PUT", &path, Body::from_stream(stream)).await.result();
    assert_eq!(server.stored("n", "k").await.unwrap().len(), VALUE);
}

#[tokio::test]
async fn a_client_that_pauses_for_too_long_is_refused() {
    let server = Server::start_with(|builder| builder.stall_timeout(Duration::from_millis(50))).await;
    let path = format!("{}/values/k", server.namespace("n").await);
    let mut connection = server.connect().await;
    connection.write_all(head("PUT", &path, "content-length: 10").as_bytes()).await.unwrap();
    connection.write_all(b"12345").await.unwrap();
    let answer = answer(&mut connection).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("\"code\":10029"), "{answer}");
    assert_eq!(server.stored("n", "k").await, None);
}

#[tokio::test]
async fn a_body_that_breaks_off_writes_nothing() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let bodies = [
        ("/values/k", "content-length: 10", "12345"),
        ("/values/k", "transfer-encoding: chunked", "5\r\n12345\r\n"),
        ("/bulk", "content-length: 1000", r#"[{"key":"k","value":"1"}]"#),
    ];
    for (path, about, body) in bodies {
        let mut connection = server.connect().await;
        connection.write_all(head("PUT", &format!("{namespace}{path}"), about).as_bytes()).await.unwrap();
        connection.write_all(body.as_bytes()).await.unwrap();
        connection.shutdown().await.unwrap();
        // Until the server has seen the end, and closed the connection in turn.
        let mut rest = Vec::new();
        let _ = timeout(Duration::from_secs(20), connection.read_to_end(&mut rest)).await.unwrap();
    }
    assert_eq!(server.contents().await["n"].len(), 0);
}
