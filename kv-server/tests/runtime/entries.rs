//! Single entries: value, metadata and expiry.

use std::time::Duration;

use kv_core::{Metadata, prelude::*};

use crate::client::{TITLE, ask, ask_with, headers_for, send, start};

#[tokio::test]
async fn a_put_replaces_value_metadata_and_expiration() {
    let server = start().await;
    let metadata = "cf-kv-metadata: {\"é\": [1.50, \"😀\"]}\r\n";
    let put = ask_with(&server, "PUT", "/k?urlencoded=true&expiration_ttl=60", metadata, "one").await;
    assert_eq!((put.status_line(), put.text()), ((200, "OK"), ""));
    let got = ask(&server, "GET", "/k?urlencoded=true", "").await;
    assert_eq!((got.status_line(), got.text()), ((200, "OK"), "one"));
    assert_eq!(got.header("cf-kv-metadata"), Some(r#"{"é":[1.50,"😀"]}"#));
    assert_eq!(got.header("cf-expiration"), Some("1060"));
    assert_eq!(got.header("content-length"), Some("3"));

    assert_eq!(ask(&server, "PUT", "/k?expiration=1061", "").await.status, 200);
    let got = ask(&server, "GET", "/k", "").await;
    assert_eq!((got.text(), got.header("cf-kv-metadata")), ("", None));
    assert_eq!((got.header("cf-expiration"), got.header("content-length")), (Some("1061"), Some("0")));

    assert_eq!(ask(&server, "PUT", "/k", [0, 255, 13, 10]).await.status, 200);
    let got = ask(&server, "GET", "/k", "").await;
    assert_eq!((&got.body[..], got.header("cf-expiration")), (&[0, 255, 13, 10][..], None));

    for _ in 0..2 {
        assert_eq!(ask(&server, "DELETE", "/k?urlencoded=true", "").await.status_line(), (200, "OK"));
        assert_eq!(ask(&server, "GET", "/k", "").await.status_line(), (404, "Not Found"));
    }
}

#[tokio::test]
async fn an_entry_is_gone_from_the_second_of_its_expiry_on() {
    let server = start().await;
    // The TTL wins, and the expiration beside it is not checked.
    assert_eq!(ask(&server, "PUT", "/k?expiration_ttl=60&expiration=5", "v").await.status, 200);
    server.clock.advance(Duration::from_secs(59));
    assert_eq!(ask(&server, "GET", "/k", "").await.status, 200);
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(ask(&server, "GET", "/k", "").await.status, 404);
    assert_eq!(
        ask(&server, "GET", "/", "").await.text(),
        r#"{"keys":[],"list_complete":true,"cacheStatus":null}"#
    );
}

#[tokio::test]
async fn expiries_are_capped_at_the_end_of_the_year_9999() {
    let server = start().await;
    for (query, expires_at) in [
        ("expiration_ttl=2147483647", "2147484647"),
        ("expiration_ttl=99999999999999999999999", "253402300799"),
        ("expiration=253402300799", "253402300799"),
        ("expiration=253402300800", "253402300799"),
        ("expiration=99999999999999999999999", "253402300799"),
        ("expiration_ttl=60.0", "1060"),
        ("Expiration_Ttl=6e1", "1060"),
    ] {
        assert_eq!(ask(&server, "PUT", &format!("/k?{query}"), "v").await.status, 200, "{query}");
        assert_eq!(ask(&server, "GET", "/k", "").await.header("cf-expiration"), Some(expires_at), "{query}");
    }
}

#[tokio::test]
async fn metadata_of_every_json_type_comes_back() {
    let server = start().await;
    let long = format!("\"{}\"", "x".repeat(1022));
    for json in [
        "0",
        "-1.50",
        "1e400",
        "true",
        "false",
        "\"\"",
        "\"é😀\"",
        r#""\"\\\n""#,
        "[]",
        "{}",
        r#"{"n":null}"#,
        &long,
    ] {
        let header = format!("cf-kv-metadata: {json}\r\n");
        assert_eq!(ask_with(&server, "PUT", "/k", &header, "v").await.status, 200, "{json}");
        assert_eq!(ask(&server, "GET", "/k", "").await.header("cf-kv-metadata"), Some(json));
    }
    assert_eq!(ask_with(&server, "PUT", "/k", "cf-kv-metadata: null\r\n", "v").await.status, 200);
    assert_eq!(ask(&server, "GET", "/k", "").await.header("cf-kv-metadata"), None);
}

#[tokio::test]
async fn metadata_that_a_header_cannot_hold_is_escaped() {
    let server = start().await;
    let namespace = server.store.open_namespace(TITLE).await.unwrap();
    namespace.put_with("k", "v", Metadata::new("a\u{7f}b").unwrap()).await.unwrap();
    let got = ask(&server, "GET", "/k", "").await;
    assert_eq!(got.header("cf-kv-metadata"), Some(r#""a\u007fb""#));
}

#[tokio::test]
async fn a_chunked_body_is_stored_whole() {
    let server = start().await;
    let headers = headers_for(TITLE) + "transfer-encoding: chunked\r\n";
    let chunks = b"3\r\none\r\n1\r\n \r\n3\r\ntwo\r\n0\r\n\r\n";
    assert_eq!(send(&server, "PUT", "/k", &headers, chunks).await.status, 200);
    assert_eq!(ask(&server, "GET", "/k", "").await.text(), "one two");
}
