//! Malformed forms of a value with its metadata.

use std::slice::from_ref;

use axum::{body::Body, http::Request};

use crate::support::server::{Server, TOKEN};

#[tokio::test]
async fn a_malformed_form_has_its_status_and_code_and_writes_nothing() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let part = |name: &str, content: &str| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
    };
    let form = |parts: &[String]| format!("{}--B--\r\n", parts.concat());
    let value = part("value", "v");
    let metadata = |content: &str| part("metadata", content);
    let typed = "multipart/form-data; boundary=B";
    let table = [
        ("multipart/form-data", form(from_ref(&value)), 400, 10012),
        ("multipart/form-data; boundary=", form(from_ref(&value)), 400, 10012),
        ("multipart/form-data; boundary=\u{e9}", form(from_ref(&value)), 400, 10012),
        (typed, String::new(), 400, 10012),
        (typed, "not a form".to_owned(), 400, 10012),
        (typed, value.clone(), 400, 10012),
        (typed, form(&[]), 400, 10012),
        (typed, form(&[metadata("1")]), 400, 10012),
        (typed, form(&[part("other", "v")]), 400, 10012),
        (typed, form(&[value.clone(), value.clone()]), 400, 10012),
        (typed, form(&[value.clone(), metadata("1"), metadata("1")]), 400, 10012),
        (typed, form(&[value.clone(), metadata("{")]), 400, 10047),
        (typed, form(&[value.clone(), metadata("")]), 400, 10047),
        (typed, form(&[metadata(&format!("\"{}\"", "x".repeat(1023))), value.clone()]), 400, 10047),
        (typed, form(&[value.clone(), metadata(&" ".repeat(65_537))]), 400, 10047),
        // More bytes before a value than the parser reads.
        (typed, "x".repeat(3_000_000) + &form(from_ref(&value)), 400, 10012),
        (typed, format!("--B\r\nx: {}\r\n\r\nv\r\n--B--\r\n", "y".repeat(3_000_000)), 400, 10012),
    ];
    for (content_type, body, status, code) in table {
        let start: String = body.chars().take(200).collect();
        let request = Request::put(format!("{namespace}/values/k"))
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", content_type)
            .body(Body::from(body))
            .unwrap();
        let response = server.send(request).await;
        assert_eq!(response.failure(), (status, code), "{content_type}: {start}: {}", response.message());
    }
    assert_eq!(server.stored("n", "k").await, None);
}
