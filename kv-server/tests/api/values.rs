//! Single values and their metadata.

use std::time::Duration;

use axum::{body::Body, http::Request};
use serde_json::{Value, json};

use crate::harness::{Reply, Server, TOKEN};

async fn put_form(server: &Server, path: &str, parts: &[(&str, &[u8])]) -> Reply {
    let mut body = Vec::new();
    for (name, content) in parts {
        let head = format!(
            "--a-boundary\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"blob\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--a-boundary--\r\n");
    let request = Request::put(path)
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "Multipart/Form-Data; charset=utf-8; boundary=\"a-boundary\"")
        .body(Body::from(body))
        .unwrap();
    server.send(request).await
}

#[tokio::test]
async fn bytes_come_back_as_they_were_sent() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let path = format!("{namespace}/values/k");
    let every_byte: Vec<u8> = (0..=255).collect();
    let values = [Vec::new(), b"text".to_vec(), every_byte, vec![0xff; 300_000]];
    for value in values {
        assert_eq!(server.ask("PUT", &path, value.clone()).await.result(), Value::Null);
        let reply = server.ask("GET", &path, Body::empty()).await;
        assert_eq!((reply.status, &reply.body[..]), (200, &value[..]));
        assert_eq!(reply.header("content-type"), Some("application/octet-stream"));
        assert_eq!(reply.header("content-length"), Some(&*value.len().to_string()));
        assert_eq!(reply.header("expiration"), None);

        put_form(&server, &path, &[("value", &value)]).await.result();
        assert_eq!(server.stored("n", "k").await.unwrap(), value);
    }
    assert_eq!(server.ask("DELETE", &path, Body::empty()).await.result(), Value::Null);
    assert_eq!(server.ask("DELETE", &path, Body::empty()).await.result(), Value::Null);
    assert_eq!(server.ask("GET", &path, Body::empty()).await.failure(), (404, 10009));
}

#[tokio::test]
async fn a_value_that_looks_like_a_boundary_is_a_value() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let path = format!("{namespace}/values/k");
    for value in
        ["--a-boundary", "--a-boundary--", "\r\n", "\r\n--", "\r\n--a-bound", "a\r\n--a-boundar\r\n-"]
    {
        put_form(&server, &path, &[("value", value.as_bytes())]).await.result();
        assert_eq!(server.stored("n", "k").await.unwrap(), value.as_bytes(), "{value:?}");
    }
}

#[tokio::test]
async fn metadata_comes_back_to_the_letter() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let (path, metadata_path) = (format!("{namespace}/values/k"), format!("{namespace}/metadata/k"));
    let table = [
        (r#"{"big":12345678901234567890.123,"a":1}"#, r#"{"big":12345678901234567890.123,"a":1}"#),
        (r#" { "b" : [ 1.0 , true ] } "#, r#"{"b":[1.0,true]}"#),
        ("0", "0"),
        ("\"\"", "\"\""),
        ("false", "false"),
        ("[]", "[]"),
        ("null", "null"),
    ];
    for (sent, kept) in table {
        put_form(&server, &path, &[("metadata", sent.as_bytes()), ("value", b"v"), ("other", b"x")])
            .await
            .result();
        let reply = server.ask("GET", &metadata_path, Body::empty()).await;
        reply.result();
        let text = std::str::from_utf8(&reply.body).unwrap();
        assert!(text.ends_with(&format!(r#""result":{kept}}}"#)), "{text}");
    }
    let longest = format!("\"{}\"", "x".repeat(1022));
    put_form(&server, &path, &[("value", b"v"), ("metadata", longest.as_bytes())]).await.result();
    assert_eq!(server.ask("GET", &metadata_path, Body::empty()).await.result(), json!("x".repeat(1022)));

    // A put without metadata clears it.
    server.ask("PUT", &path, "v").await.result();
    assert_eq!(server.ask("GET", &metadata_path, Body::empty()).await.result(), Value::Null);
}

#[tokio::test]
async fn a_value_ends_when_it_was_to() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let path = format!("{namespace}/values/k");
    let table = [
        ("expiration_ttl=60", Some(1_700_000_060)),
        ("expiration=1700000060", Some(1_700_000_060)),
        ("expiration=4102444800", Some(4_102_444_800)),
        // The time to live wins, and the deadline is not even looked at.
        ("expiration=5&expiration_ttl=61", Some(1_700_000_061)),
        ("expiration=nonsense&expiration_ttl=62", Some(1_700_000_062)),
        // Whole numbers, as a client writes them that knows fractions alone.
        ("expiration_ttl=60.0", Some(1_700_000_060)),
        ("expiration=1700000060.0", Some(1_700_000_060)),
        ("expiration%5fttl=63&x=%zz", Some(1_700_000_063)),
        ("expiration_ttl=6.4e1", Some(1_700_000_064)),
        ("Expiration_TTL=65", Some(1_700_000_065)),
        ("EXPIRATION=1700000060", Some(1_700_000_060)),
        // The far end, whichever way it is said.
        ("expiration_ttl=251702300799", Some(253_402_300_799)),
        ("expiration_ttl=251702300800", Some(253_402_300_799)),
        ("expiration_ttl=99999999999999999999", Some(253_402_300_799)),
        ("expiration=253402300799", Some(253_402_300_799)),
        ("expiration=253402300800", Some(253_402_300_799)),
        ("expiration=1e30", Some(253_402_300_799)),
        ("unknown=1", None),
    ];
    for (query, deadline) in table {
        server.ask("PUT", &format!("{path}?{query}"), "v").await.result();
        let reply = server.ask("GET", &path, Body::empty()).await;
        let expiration = reply.header("expiration").map(|text| text.parse::<u64>().unwrap());
        assert_eq!(expiration, deadline, "{query}");
    }
    put_form(&server, &format!("{path}?expiration_ttl=60"), &[("value", b"v")]).await.result();
    server.clock.advance(Duration::from_secs(59));
    assert_eq!(server.ask("GET", &path, Body::empty()).await.status, 200);
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(server.ask("GET", &path, Body::empty()).await.failure(), (404, 10009));
    let metadata = server.ask("GET", &format!("{namespace}/metadata/k"), Body::empty()).await;
    assert_eq!(metadata.failure(), (404, 10009));
}

#[tokio::test]
async fn a_body_of_any_other_type_is_the_value() {
    let server = Server::start().await;
    let path = format!("{}/values/k", server.namespace("n").await);
    for content_type in
        ["application/json", "application/x-www-form-urlencoded", "multipart/mixed; boundary=B", ""]
    {
        let request = Request::put(&path)
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", content_type)
            .body(Body::from("--B a=b&c+d"))
            .unwrap();
        server.send(request).await.result();
        assert_eq!(server.stored("n", "k").await.unwrap(), "--B a=b&c+d", "{content_type}");
    }
    // The service's description asks for a body here, and no client sends one.
    assert_eq!(server.ask("DELETE", &path, "{}").await.result(), Value::Null);
    assert_eq!(server.stored("n", "k").await, None);
}

#[tokio::test]
async fn what_is_beside_a_value_in_a_form_is_left_alone() {
    let server = Server::start().await;
    let path = format!("{}/values/k", server.namespace("n").await);
    let long = vec![b'x'; 3_000_000];
    let parts: [(&str, &[u8]); 4] =
        [("before", &long), ("metadata", b"1"), ("value", &long[..2_000_000]), ("after", &long)];
    put_form(&server, &path, &parts).await.result();
    assert_eq!(server.stored("n", "k").await.unwrap(), long[..2_000_000]);
}
