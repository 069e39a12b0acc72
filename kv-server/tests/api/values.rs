//! Single values and their metadata.

use std::time::Duration;

use axum::{body::Body, http::Request};
use serde_json::{Value, json};

use crate::support::{
    response::Response,
    server::{Server, TOKEN},
};

/// Puts a form with these parts, by name.
async fn put_form(server: &Server, path: &str, parts: &[(&str, &[u8])]) -> Response {
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
        let response = server.ask("GET", &path, Body::empty()).await;
        assert_eq!((response.status, &response.body[..]), (200, &value[..]));
        assert_eq!(response.header("content-type"), Some("application/octet-stream"));
        assert_eq!(response.header("content-length"), Some(&*value.len().to_string()));
        assert_eq!(response.header("expiration"), None);

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
async fn metadata_comes_back_unchanged_but_for_white_space() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let path = format!("{namespace}/values/k");
    let metadata_path = format!("{namespace}/metadata/k");
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
        let response = server.ask("GET", &metadata_path, Body::empty()).await;
        response.result();
        let text = std::str::from_utf8(&response.body).unwrap();
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
async fn a_value_expires_at_the_time_that_its_query_gives() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let path = format!("{namespace}/values/k");
    let table = [
        ("expiration_ttl=60", Some(1_700_000_060)),
        ("expiration=1700000060", Some(1_700_000_060)),
        ("expiration=4102444800", Some(4_102_444_800)),
        // The TTL wins, and the expiration beside it is not even parsed.
        ("expiration=5&expiration_ttl=61", Some(1_700_000_061)),
        ("expiration=nonsense&expiration_ttl=62", Some(1_700_000_062)),
        // Whole numbers in other notations.
        ("expiration_ttl=60.0", Some(1_700_000_060)),
        ("expiration=1700000060.0", Some(1_700_000_060)),
        ("expiration%5fttl=63&x=%zz", Some(1_700_000_063)),
        ("expiration_ttl=6.4e1", Some(1_700_000_064)),
        ("Expiration_TTL=65", Some(1_700_000_065)),
        ("EXPIRATION=1700000060", Some(1_700_000_060)),
        // The last allowed expiry, and later ones.
        ("expiration_ttl=251702300799", Some(253_402_300_799)),
        ("expiration_ttl=251702300800", Some(253_402_300_799)),
        ("expiration_ttl=99999999999999999999", Some(253_402_300_799)),
        ("expiration=253402300799", Some(253_402_300_799)),
        ("expiration=253402300800", Some(253_402_300_799)),
        ("expiration=1e30", Some(253_402_300_799)),
        ("unknown=1", None),
    ];
    for (query, expires_at) in table {
        server.ask("PUT", &format!("{path}?{query}"), "v").await.result();
        let response = server.ask("GET", &path, Body::empty()).await;
        let expiration = response.header("expiration").map(|text| text.parse::<u64>().unwrap());
        assert_eq!(expiration, expires_at, "{query}");
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
    // Cloudflare's OpenAPI description of this call has a body, which clients leave out.
    assert_eq!(server.ask("DELETE", &path, "{}").await.result(), Value::Null);
    assert_eq!(server.stored("n", "k").await, None);
}

#[tokio::test]
async fn other_parts_of_a_form_are_ignored() {
    let server = Server::start().await;
    let path = format!("{}/values/k", server.namespace("n").await);
    let long = vec![b'x'; 3_000_000];
    let parts: [(&str, &[u8]); 4] =
        [("before", &long), ("metadata", b"1"), ("value", &long[..2_000_000]), ("after", &long)];
    put_form(&server, &path, &parts).await.result();
    assert_eq!(server.stored("n", "k").await.unwrap(), long[..2_000_000]);
}
