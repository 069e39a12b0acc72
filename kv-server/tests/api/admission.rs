//! Credentials, accounts, routes and methods of requests, and settings that decide on them.

use std::sync::Arc;

use axum::{body::Body, http::Request};
use kv_core::{Error, ErrorKind};
use kv_memory::MemoryStore;
use kv_server::KvServer;
use kv_testkit::ManualClock;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{
    controlled_store::ControlledStore,
    server::{NAMESPACES, Server, TOKEN},
};

fn with_headers(headers: &[(&str, &str)]) -> Request<Body> {
    let request = headers
        .iter()
        .fold(Request::builder().uri(NAMESPACES), |request, (name, value)| request.header(*name, *value));
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn the_token_is_accepted_as_a_bearer_token_or_as_an_email_and_key() {
    let server = Server::start().await;
    let right = format!("Bearer {TOKEN}");
    let any_case = format!("bearer {TOKEN}");
    let allowed: [&[(&str, &str)]; 4] = [
        &[("authorization", &right)],
        &[("authorization", &any_case)],
        &[("x-auth-email", "ada@example.com"), ("x-auth-key", TOKEN)],
        &[("x-auth-email", ""), ("x-auth-key", TOKEN)],
    ];
    for headers in allowed {
        server.send(with_headers(headers)).await.result();
    }
    let longer = format!("Bearer {TOKEN}x");
    let wrong: [&[(&str, &str)]; 5] = [
        &[("authorization", "Bearer wrong-t")],
        &[("authorization", "Bearer a-toke")],
        &[("authorization", &longer)],
        &[("x-auth-email", "ada@example.com"), ("x-auth-key", "wrong")],
        // The bearer token takes precedence.
        &[("authorization", "Bearer wrong"), ("x-auth-email", "ada@example.com"), ("x-auth-key", TOKEN)],
    ];
    for headers in wrong {
        assert_eq!(server.send(with_headers(headers)).await.failure(), (403, 10000), "{headers:?}");
    }
}

#[tokio::test]
async fn missing_and_malformed_credentials_have_their_own_codes() {
    let server = Server::start().await;
    let missing: [&[(&str, &str)]; 3] =
        [&[], &[("x-auth-key", TOKEN)], &[("x-auth-email", "ada@example.com"), ("cookie", TOKEN)]];
    for headers in missing {
        let response = server.send(with_headers(headers)).await;
        assert_eq!(response.failure(), (400, 9106), "{headers:?}");
        assert_eq!(response.message(), "Missing X-Auth-Key, X-Auth-Email or Authorization headers");
        assert_eq!(response.json()["errors"][0].get("error_chain"), None);
    }
    let basic = format!("Basic {TOKEN}");
    let bearer = format!("Bearer {TOKEN}");
    let email = ("x-auth-email", "ada@example.com");
    let authorization = json!([{"code": 6111, "message": "Invalid format for Authorization header"}]);
    let address = json!({"code": 6102, "message": "Invalid format for X-Auth-Email header"});
    let key = json!({"code": 6103, "message": "Invalid format for X-Auth-Key header"});
    let malformed: [(&[(&str, &str)], &Value); 14] = [
        (&[("authorization", "Bearer")], &authorization),
        (&[("authorization", "Bearer ")], &authorization),
        (&[("authorization", "")], &authorization),
        (&[("authorization", TOKEN)], &authorization),
        (&[("authorization", &basic)], &authorization),
        (&[("authorization", "Bearer two words")], &authorization),
        (&[("authorization", "Bearer $TOKEN")], &authorization),
        (&[("authorization", &bearer), ("authorization", &bearer)], &authorization),
        (&[("authorization", ""), email, ("x-auth-key", TOKEN)], &authorization),
        (&[email, ("x-auth-key", "")], &json!([key])),
        (&[email, ("x-auth-key", "two words")], &json!([key])),
        (&[email, ("x-auth-key", TOKEN), ("x-auth-key", TOKEN)], &json!([key])),
        (&[("x-auth-email", "ada"), ("x-auth-key", "wrong")], &json!([address])),
        (&[("x-auth-email", "@"), ("x-auth-key", "<KEY>")], &json!([address, key])),
    ];
    for (headers, error_chain) in malformed {
        let response = server.send(with_headers(headers)).await;
        assert_eq!(response.failure(), (400, 6003), "{headers:?}");
        assert_eq!(response.message(), "Invalid request headers");
        assert_eq!(response.json()["errors"][0]["error_chain"], *error_chain, "{headers:?}");
    }
}

#[tokio::test]
async fn only_the_configured_account_exists() {
    let server = Server::start().await;
    let table = [
        ("0123456789ABCDEF0123456789abcdef", 200, 0),
        ("0123456789abcdef0123456789abcdee", 403, 10000),
        ("0123456789abcdef0123456789abcde", 404, 7003),
        ("0123456789abcdef0123456789abcdef0", 404, 7003),
        ("0123456789abcdef0123456789abcdeg", 404, 7003),
        ("", 400, 7000),
    ];
    for (account_id, status, code) in table {
        let path = format!("/client/v4/accounts/{account_id}/storage/kv/namespaces");
        let response = server.ask("GET", &path, Body::empty()).await;
        if status == 200 {
            response.result();
        } else {
            assert_eq!(response.failure(), (status, code), "{account_id}");
        }
    }
}

#[tokio::test]
async fn a_path_without_an_endpoint_has_no_route() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let suffixes = ["/", "//", "/keys/k", "/values", "/bulk/put", "/metadata", "/keys/values/k"];
    let paths = suffixes.map(|suffix| format!("{namespace}{suffix}"));
    let others = ["/", "/client/v4", "/client/v4/user", "/accounts", "/healthz/", "//healthz", "/metrics"];
    for path in paths.iter().map(String::as_str).chain(others) {
        assert_eq!(server.ask("GET", path, Body::empty()).await.failure(), (400, 7000), "{path}");
    }
}

#[tokio::test]
async fn every_endpoint_names_its_allowed_methods() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let table = [
        (NAMESPACES.to_owned(), "GET, HEAD, POST"),
        // Sent by clients for a namespace with an empty id.
        (format!("{NAMESPACES}/"), "GET, HEAD, POST"),
        (namespace.clone(), "GET, HEAD, PUT, DELETE"),
        (format!("{namespace}/keys"), "GET, HEAD"),
        (format!("{namespace}/keys/"), "GET, HEAD"),
        (format!("{namespace}/values/k"), "GET, HEAD, PUT, DELETE"),
        (format!("{namespace}/metadata/k"), "GET, HEAD"),
        (format!("{namespace}/bulk"), "PUT, DELETE"),
        (format!("{namespace}/bulk/delete"), "POST"),
        (format!("{namespace}/bulk/get"), "POST"),
    ];
    for (path, allowed) in &table {
        for method in ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "BREW"] {
            let is_allowed = allowed.split(", ").any(|name| name == method);
            if !is_allowed {
                let response = server.ask(method, path, "{}").await;
                assert_eq!(response.failure(), (405, 10405), "{method} {path}");
                assert_eq!(response.header("allow"), Some(*allowed));
            }
        }
    }
    assert_eq!(server.contents().await["n"].len(), 0);
}

#[tokio::test]
async fn the_response_to_head_is_that_to_get_without_the_body() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    server.ask("PUT", &format!("{namespace}/values/k?expiration_ttl=60"), "a value").await.result();
    let mut paths: Vec<_> =
        ["", "/keys", "/values/k", "/values/absent", "/values/.", "/metadata/k", "/bulk", "/nothing"]
            .map(|suffix| format!("{namespace}{suffix}"))
            .into();
    paths.extend([NAMESPACES.to_owned(), format!("{NAMESPACES}/"), "/healthz".to_owned()]);
    for path in paths {
        let get = server.ask("GET", &path, Body::empty()).await;
        let head = server.ask("HEAD", &path, Body::empty()).await;
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        for name in ["content-length", "content-type", "expiration", "allow"] {
            assert_eq!(head.header(name), get.header(name), "{name} of {path}");
        }
        assert!(get.header("content-length").is_some(), "{path}");
    }
}

#[tokio::test]
async fn a_slash_at_the_end_of_a_path_makes_no_difference() {
    let server = Server::start().await;
    let created = server.ask("POST", &format!("{NAMESPACES}/"), r#"{"title":"n"}"#).await.result();
    let namespace = format!("{NAMESPACES}/{}", created["id"].as_str().unwrap());
    assert_eq!(server.ask("GET", &format!("{NAMESPACES}/"), Body::empty()).await.result()[0], created);
    let pairs = r#"[{"key":"a","value":"1"},{"key":"b","value":"2"}]"#;
    server.ask("PUT", &format!("{namespace}/bulk/"), pairs).await.result();
    let keys = server.ask("GET", &format!("{namespace}/keys/?prefix=a"), Body::empty()).await.result();
    assert_eq!(keys, json!([{"name": "a"}]));
    let values = server.ask("POST", &format!("{namespace}/bulk/get/"), r#"{"keys":["a"]}"#).await.result();
    assert_eq!(values["values"]["a"], "1");
    server.ask("POST", &format!("{namespace}/bulk/delete/"), r#"["a","b"]"#).await.result();
    assert!(server.contents().await["n"].is_empty());
}

#[tokio::test]
async fn a_run_of_slashes_counts_as_one() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    // Clients append `/…` to a base URL that already ends with a slash.
    for (one, two) in
        [("/client", "//client"), ("/v4/", "/v4//"), ("/namespaces/", "/namespaces///"), ("/", "//")]
    {
        let path = format!("{namespace}/values/k").replace(one, two);
        server.ask("PUT", &path, two).await.result();
        assert_eq!(server.stored("n", "k").await.unwrap(), two);
        let keys =
            server.ask("GET", &format!("{namespace}/keys").replace(one, two), Body::empty()).await.result();
        assert_eq!(keys, json!([{"name": "k"}]), "{two}");
    }
}

#[tokio::test]
async fn the_health_check_needs_no_credentials() {
    let server = Server::start().await;
    let response = server.send(Request::builder().uri("/healthz").body(Body::empty()).unwrap()).await;
    assert_eq!((response.status, &response.body[..]), (200, &b"ok\n"[..]));
}

#[tokio::test]
async fn the_readiness_check_needs_no_credentials_and_is_in_the_metrics() {
    let store = MemoryStore::new();
    let controlled = ControlledStore::new(store.clone());
    let not_ready = Arc::clone(&controlled.not_ready);
    let server =
        Server::start_over(store, Arc::new(controlled), ManualClock::default(), |builder| builder).await;
    let ask = async |path: &str| {
        let response = server.send(Request::builder().uri(path).body(Body::empty()).unwrap()).await;
        (response.status, response.text().to_owned())
    };
    let full = Error::new(ErrorKind::Unavailable, "test", "the disk is full");
    for (error, status, text) in
        [(None, 200, "ready\n"), (Some(full), 503, "not ready: the disk is full\n"), (None, 200, "ready\n")]
    {
        *not_ready.lock().unwrap() = error;
        assert_eq!(ask("/readyz").await, (status, text.to_owned()));
        assert_eq!(ask("/healthz").await, (200, "ok\n".to_owned()));
        let gauge = format!("kv_server_store_ready {}", u8::from(status == 200));
        assert!(server.metrics_text().await.lines().any(|line| line == gauge), "{gauge}");
    }
}

#[tokio::test]
async fn a_server_without_a_token_serves_this_machine_alone() {
    let server = KvServer::builder(Arc::new(MemoryStore::new())).build().unwrap();
    let everywhere = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let error = server.serve(everywhere, async {}).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().contains("loopback"), "{error}");

    let local = TcpListener::bind("127.0.0.1:0").await.unwrap();
    server.serve(local, async {}).await.unwrap();
    for address in ["[::1]:1", "127.9.9.9:1"] {
        server.check_address(address.parse().unwrap()).unwrap();
    }
    server.check_address("192.0.2.1:1".parse().unwrap()).unwrap_err();
    let with_token = KvServer::builder(Arc::new(MemoryStore::new())).token("t").build().unwrap();
    with_token.check_address("192.0.2.1:1".parse().unwrap()).unwrap();
}
