//! Request bodies that are too long, too slow, or incomplete.

use std::time::Duration;

use axum::body::Body;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::support::{
    client::head,
    server::{NAMESPACES, Server},
};

const MAX_VALUE: usize = 26_214_400;
const MAX_BULK: usize = 100_000_000;

/// Reads a response at least to the end of its envelope's `messages`.
async fn read_envelope(connection: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut bytes = [0; 4096];
    while !text.contains("\"messages\"") {
        let read = timeout(Duration::from_secs(20), connection.read(&mut bytes)).await.unwrap().unwrap();
        assert_ne!(read, 0, "the connection ended after {text:?}");
        text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
    text
}

fn assert_too_large(response: &str) {
    assert!(response.starts_with("HTTP/1.1 413 ") && response.contains("\"code\":10024"), "{response}");
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_refused_before_it_is_sent() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let form = "content-type: multipart/form-data; boundary=B\r\n";
    let table = [
        ("PUT", "/values/k", String::new(), MAX_VALUE + 1),
        ("PUT", "/values/k", form.to_owned(), MAX_VALUE + 65_537),
        ("PUT", "/bulk", String::new(), MAX_BULK + 1),
        ("POST", "/bulk/delete", String::new(), MAX_BULK + 1),
        ("DELETE", "/bulk", String::new(), MAX_BULK + 1),
        ("POST", "/bulk/get", String::new(), (1 << 20) + 1),
        ("PUT", "", String::new(), (1 << 20) + 1),
        ("PUT", "/values/k", String::new(), usize::MAX / 2),
    ];
    for (method, path, headers, len) in table {
        for expect in ["", "expect: 100-continue\r\n"] {
            let mut connection = server.connect().await;
            let headers = format!("{headers}content-length: {len}\r\n{expect}");
            let head = head(method, &format!("{namespace}{path}"), &headers);
            connection.write_all(head.as_bytes()).await.unwrap();
            assert_too_large(&read_envelope(&mut connection).await);
        }
    }
    assert_eq!(server.stored("n", "k").await, None);
}

#[tokio::test]
async fn a_request_that_fails_in_any_case_is_refused_before_its_body_is_sent() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let unknown = format!("{NAMESPACES}/{}", "f".repeat(32));
    let other_account = namespace.replace("abcdef/", "abcdee/");
    let table = [
        ("PUT", format!("{unknown}/bulk"), 404, 10013),
        ("DELETE", format!("{unknown}/bulk"), 404, 10013),
        ("POST", format!("{unknown}/bulk/delete"), 404, 10013),
        ("PUT", format!("{other_account}/bulk"), 403, 10000),
        ("PUT", format!("{namespace}/values/.."), 400, 10042),
        ("PUT", format!("{namespace}/values/k?expiration_ttl=1"), 400, 10034),
        ("POST", format!("{namespace}/bulk"), 405, 10405),
    ];
    for (method, path, status, code) in table {
        let mut connection = server.connect().await;
        let headers = "content-length: 1000\r\nexpect: 100-continue\r\n";
        connection.write_all(head(method, &path, headers).as_bytes()).await.unwrap();
        // Not `100 Continue`.
        let response = read_envelope(&mut connection).await;
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{method} {path}: {response}");
        assert!(response.contains(&format!("\"code\":{code},")), "{method} {path}: {response}");
    }
    assert_eq!(server.contents().await["n"].len(), 0);
}

#[tokio::test]
async fn a_body_of_unannounced_length_is_refused_when_it_passes_the_limit() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let chunk = [b"80000\r\n".to_vec(), vec![b'x'; 0x8_0000], b"\r\n".to_vec()].concat();
    for (method, path, limit) in [("PUT", "/values/k", MAX_VALUE), ("PUT", "/bulk", MAX_BULK)] {
        let mut connection = server.connect().await;
        let head = head(method, &format!("{namespace}{path}"), "transfer-encoding: chunked\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        // The body never ends, so only its length can be the reason of a response.
        for _ in 0..=limit / 0x8_0000 {
            connection.write_all(&chunk).await.unwrap();
        }
        assert_too_large(&read_envelope(&mut connection).await);
    }
    assert_eq!(server.contents().await["n"].len(), 0);
}

#[tokio::test]
async fn a_client_that_sends_its_whole_body_first_still_reads_the_error() {
    let server = Server::start().await;
    let path = format!("{}/values/k", server.namespace("n").await);
    let body = vec![b'x'; MAX_VALUE + 1_000_000];
    for _ in 0..5 {
        let mut connection = server.connect().await;
        let headers = format!("content-length: {}\r\n", body.len());
        connection.write_all(head("PUT", &path, &headers).as_bytes()).await.unwrap();
        connection.write_all(&body).await.unwrap();
        assert_too_large(&read_envelope(&mut connection).await);
        // The rest of the body was drained, so the connection takes another request.
        connection.write_all(head("PUT", &path, "content-length: 1\r\n").as_bytes()).await.unwrap();
        connection.write_all(b"x").await.unwrap();
        assert!(read_envelope(&mut connection).await.starts_with("HTTP/1.1 200 "));
    }
}

#[tokio::test]
async fn an_error_arrives_after_a_body_of_any_length() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    // Within the longest body of any endpoint, beyond it, and beyond the limit of draining.
    let table = [
        ("PUT", "/values/k", 60_000_000),
        ("PUT", "/bulk", 101_000_000),
        ("POST", "/bulk/get", 120_000_000),
        ("PUT", "/values/k", 300_000_000),
    ];
    let body = vec![b'x'; 1_000_000];
    for (method, path, len) in table {
        for headers in [format!("content-length: {len}\r\n"), "transfer-encoding: chunked\r\n".to_owned()] {
            let mut connection = server.connect().await;
            let head = head(method, &format!("{namespace}{path}"), &headers);
            connection.write_all(head.as_bytes()).await.unwrap();
            // The whole body is sent before the response is read.
            for _ in 0..len / body.len() {
                if headers.starts_with("transfer") {
                    connection.write_all(format!("{:x}\r\n", body.len()).as_bytes()).await.unwrap();
                }
                connection.write_all(&body).await.unwrap();
                if headers.starts_with("transfer") {
                    connection.write_all(b"\r\n").await.unwrap();
                }
            }
            assert_too_large(&read_envelope(&mut connection).await);
        }
    }
}

#[tokio::test]
async fn the_longest_value_is_stored_with_and_without_an_announced_length() {
    let server = Server::start().await;
    let path = format!("{}/values/k", server.namespace("n").await);
    let value = vec![b'x'; MAX_VALUE];
    server.ask("PUT", &path, value.clone()).await.result();
    assert_eq!(server.ask("GET", &path, Body::empty()).await.body.len(), MAX_VALUE);

    let chunks = value.chunks(1_000_000).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()));
    let stream = futures_util::stream::iter(chunks.collect::<Vec<_>>());
    server.ask("PUT", &path, Body::from_stream(stream)).await.result();
    assert_eq!(server.stored("n", "k").await.unwrap().len(), MAX_VALUE);
}

#[tokio::test]
async fn a_client_that_pauses_its_body_for_too_long_is_refused() {
    let server = Server::start_with(|builder| builder.stall_timeout(Duration::from_millis(50))).await;
    let path = format!("{}/values/k", server.namespace("n").await);
    let mut connection = server.connect().await;
    connection.write_all(head("PUT", &path, "content-length: 10\r\n").as_bytes()).await.unwrap();
    connection.write_all(b"12345").await.unwrap();
    let response = read_envelope(&mut connection).await;
    assert!(response.starts_with("HTTP/1.1 400 ") && response.contains("\"code\":10029"), "{response}");
    assert_eq!(server.stored("n", "k").await, None);
}

#[tokio::test]
async fn an_incomplete_body_writes_nothing() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let bodies = [
        ("/values/k", "content-length: 10\r\n", "12345"),
        ("/values/k", "transfer-encoding: chunked\r\n", "5\r\n12345\r\n"),
        ("/bulk", "content-length: 1000\r\n", r#"[{"key":"k","value":"1"}]"#),
    ];
    for (path, headers, body) in bodies {
        let mut connection = server.connect().await;
        let head = head("PUT", &format!("{namespace}{path}"), headers);
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(body.as_bytes()).await.unwrap();
        connection.shutdown().await.unwrap();
        // The server closes the connection once it has seen the end.
        let mut rest = Vec::new();
        let _ = timeout(Duration::from_secs(20), connection.read_to_end(&mut rest)).await.unwrap();
    }
    assert_eq!(server.contents().await["n"].len(), 0);
}
