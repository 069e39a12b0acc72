//! Emulation of the service's rate limits.

use std::time::Duration;

use axum::body::Body;
use serde_json::json;

use crate::support::server::{NAMESPACES, Server};

#[tokio::test]
async fn a_key_is_written_once_per_second() {
    let server = Server::start_with(|builder| builder.emulate_rate_limits(true)).await;
    let namespace = server.namespace("n").await;
    let other = server.namespace("other").await;
    let path = format!("{namespace}/values/k");
    server.ask("PUT", &path, "1").await.result();
    server.clock.advance(Duration::from_millis(999));
    for method in ["PUT", "DELETE"] {
        let response = server.ask(method, &path, "2").await;
        assert_eq!((response.failure(), response.header("retry-after")), ((429, 971), Some("1")));
    }
    assert_eq!(server.stored("n", "k").await.unwrap(), "1");
    // Another key, the same key in another namespace, and reads are not limited.
    server.ask("PUT", &format!("{namespace}/values/j"), "1").await.result();
    server.ask("PUT", &format!("{other}/values/k"), "1").await.result();
    assert_eq!(server.ask("GET", &path, Body::empty()).await.body, "1");
    let pairs = r#"[{"key":"k","value":"3"},{"key":"new","value":"3"}]"#;
    let written = server.ask("PUT", &format!("{namespace}/bulk"), pairs).await.result();
    assert_eq!(written, json!({ "successful_key_count": 1, "unsuccessful_keys": ["k"] }));

    server.clock.advance(Duration::from_millis(1));
    server.ask("PUT", &path, "4").await.result();
    let deleted = server.ask("POST", &format!("{namespace}/bulk/delete"), r#"["k","absent"]"#).await.result();
    assert_eq!(deleted, json!({ "successful_key_count": 1, "unsuccessful_keys": ["k"] }));
    // A key that is given twice counts as one write.
    let deleted = server.ask("DELETE", &format!("{namespace}/bulk"), r#"["twice","twice"]"#).await.result();
    assert_eq!(deleted, json!({ "successful_key_count": 1, "unsuccessful_keys": [] }));
}

#[tokio::test]
async fn an_account_has_1200_requests_per_5_minutes() {
    let server = Server::start_with(|builder| builder.emulate_rate_limits(true)).await;
    let ask = async || server.ask("GET", NAMESPACES, Body::empty()).await;
    let first = ask().await;
    first.result();
    assert_eq!(first.header("ratelimit"), Some("\"default\";r=1199;t=300"));
    assert_eq!(first.header("ratelimit-policy"), Some("\"default\";q=1200;w=300"));
    assert_eq!(first.header("retry-after"), None);
    server.clock.advance(Duration::from_millis(100_500));
    for _ in 1..1200 {
        ask().await.result();
    }
    let refused = ask().await;
    assert_eq!(refused.failure(), (429, 971));
    assert_eq!(refused.message(), "Please wait and consider throttling your request speed");
    assert_eq!(refused.header("ratelimit"), Some("\"default\";r=0;t=200"));
    assert_eq!(refused.header("retry-after"), Some("200"));
    server.clock.advance(Duration::from_millis(199_499));
    assert_eq!(ask().await.failure(), (429, 971));
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(ask().await.header("ratelimit"), Some("\"default\";r=1199;t=300"));
}

#[tokio::test]
async fn without_the_emulation_nothing_is_limited() {
    let server = Server::start().await;
    let path = format!("{}/values/k", server.namespace("n").await);
    for _ in 0..3 {
        let response = server.ask("PUT", &path, "1").await;
        response.result();
        assert_eq!(response.header("ratelimit"), None);
    }
}
