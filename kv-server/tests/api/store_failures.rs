//! Responses when the store fails.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use kv_core::{Error, ErrorKind, Key, KvStore as _};
use kv_memory::MemoryStore;
use kv_testkit::ManualClock;
use serde_json::json;

use crate::support::{controlled_store::ControlledStore, server::Server};

/// Starts a server whose store fails with `error` for keys that start with `broken`.
async fn server(error: Error) -> Server {
    let store = MemoryStore::new();
    let failing = ControlledStore { error, ..ControlledStore::new(store.clone()) };
    Server::start_over(store, Arc::new(failing), ManualClock::default(), |builder| builder).await
}

#[tokio::test]
async fn every_error_kind_has_its_status_and_code_and_shows_no_secret() {
    let table = [
        (ErrorKind::InvalidInput, 400, 10029),
        (ErrorKind::Unauthorized, 403, 10000),
        (ErrorKind::NamespaceNotFound, 404, 10013),
        (ErrorKind::NamespaceExists, 400, 10014),
        (ErrorKind::Locked, 503, 10001),
        (ErrorKind::RateLimited, 429, 971),
        (ErrorKind::QuotaExceeded, 400, 10048),
        (ErrorKind::Unavailable, 503, 10001),
        // Not 503, after which clients retry: the damage stays.
        (ErrorKind::Corrupt, 500, 10500),
        (ErrorKind::Codec, 503, 10001),
        (ErrorKind::Closed, 503, 10001),
        (ErrorKind::Other, 503, 10001),
    ];
    for (kind, status, code) in table {
        let error = Error::new(kind, "test", "what went wrong").with_key(&Key::from_static("hunter2"));
        let server = server(error).await;
        let namespace = server.namespace("n").await;
        let requests = [
            ("GET", "/values/broken", ""),
            ("PUT", "/values/broken", "v"),
            ("DELETE", "/values/broken", ""),
            ("GET", "/metadata/broken", ""),
            ("GET", "/keys?prefix=broken", ""),
            ("PUT", "/bulk", r#"[{"key":"broken","value":"1"}]"#),
            ("POST", "/bulk/delete", r#"["broken"]"#),
            ("POST", "/bulk/get", r#"{"keys":["broken"]}"#),
        ];
        for (method, path, body) in requests {
            let response = server.ask(method, &format!("{namespace}{path}"), body).await;
            assert_eq!(response.failure(), (status, code), "{kind} {method} {path}");
            assert!(!response.message().contains("hunter2"), "{response:?}");
        }
    }
}

#[tokio::test]
async fn the_time_to_wait_is_passed_on_in_whole_seconds() {
    for (wait, header) in
        [(None, "1"), (Some(Duration::from_millis(2_100)), "3"), (Some(Duration::ZERO), "1")]
    {
        let mut error = Error::new(ErrorKind::RateLimited, "test", "slow down");
        if let Some(wait) = wait {
            error = error.with_retry_after(wait);
        }
        let server = server(error).await;
        let path = format!("{}/values/broken", server.namespace("n").await);
        let response = server.ask("GET", &path, Body::empty()).await;
        assert_eq!((response.failure(), response.header("retry-after")), ((429, 971), Some(header)));
    }
}

#[tokio::test]
async fn a_bulk_call_that_fails_in_part_names_the_keys_that_failed() {
    let server = server(Error::new(ErrorKind::Unavailable, "test", "broken")).await;
    let namespace = server.namespace("n").await;
    let pairs = r#"[{"key":"a","value":"1"},{"key":"broken 1","value":"1"},{"key":"b","value":"1"},{"key":"broken 2","value":"1"}]"#;
    let expected = json!({ "successful_key_count": 2, "unsuccessful_keys": ["broken 1", "broken 2"] });
    assert_eq!(server.ask("PUT", &format!("{namespace}/bulk"), pairs).await.result(), expected);
    let keys = r#"["a","broken 1","b","broken 2"]"#;
    assert_eq!(server.ask("DELETE", &format!("{namespace}/bulk"), keys).await.result(), expected);
}

#[tokio::test]
async fn damaged_metadata_is_an_error_of_the_server() {
    let server = server(Error::new(ErrorKind::Other, "test", "broken")).await;
    let namespace = server.namespace("n").await;
    let response = server.ask("GET", &format!("{namespace}/metadata/bad%20metadata"), Body::empty()).await;
    assert_eq!(response.failure(), (500, 10500));
    let body = r#"{"keys":["bad metadata"],"withMetadata":true}"#;
    let response = server.ask("POST", &format!("{namespace}/bulk/get"), body).await;
    assert_eq!(response.failure(), (500, 10500));
}

#[tokio::test]
async fn a_store_that_is_closed_is_unavailable() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    server.store.close().await.unwrap();
    let response = server.ask("GET", &format!("{namespace}/values/k"), Body::empty()).await;
    assert_eq!(response.failure(), (503, 10001));
}

#[tokio::test]
async fn every_503_has_a_retry_after() {
    let table = [
        (ErrorKind::Locked, None, "1"),
        (ErrorKind::Unavailable, None, "1"),
        (ErrorKind::Unavailable, Some(Duration::from_millis(6_500)), "7"),
        (ErrorKind::Closed, None, "1"),
        (ErrorKind::Other, None, "1"),
    ];
    for (kind, wait, header) in table {
        let mut error = Error::new(kind, "test", "the disk is full");
        if let Some(wait) = wait {
            error = error.with_retry_after(wait);
        }
        let server = server(error).await;
        let path = format!("{}/values/broken", server.namespace("n").await);
        let response = server.ask("PUT", &path, "v").await;
        assert_eq!(
            (response.failure(), response.header("retry-after")),
            ((503, 10001), Some(header)),
            "{kind}"
        );
    }
}
