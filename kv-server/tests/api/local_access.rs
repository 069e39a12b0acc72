//! Requests of other sites' pages to a server without a token.

use std::sync::Arc;

use axum::{body::Body, http::Request};
use kv_core::KvStore as _;
use kv_memory::MemoryStore;
use kv_server::KvServer;

use crate::support::server::{NAMESPACES, Server, TOKEN};

/// Returns a request with these headers alone.
fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &'static str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(Body::from(body)).unwrap()
}

/// Headers that browsers send for pages of other sites.
const FOREIGN: [&[(&str, &str)]; 5] = [
    // A name that another site has made resolve to this machine.
    &[("host", "evil.example:8788")],
    &[("host", "localhost.evil.example:8788"), ("sec-fetch-site", "same-origin")],
    // A form.
    &[("host", "localhost:8788"), ("origin", "http://evil.example"), ("content-type", "text/plain")],
    &[("host", "127.0.0.1:8788"), ("origin", "null")],
    // A script.
    &[("host", "localhost:8788"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")],
];

#[tokio::test]
async fn a_page_of_another_site_cannot_read_or_write() {
    let server = Server::start_without_token(|builder| builder).await;
    let local = [("host", "localhost:8788"), ("authorization", "Bearer any")];
    let created = server.send(request("POST", NAMESPACES, &local, r#"{"title":"n"}"#)).await.result();
    let namespace = format!("{NAMESPACES}/{}", created["id"].as_str().unwrap());
    for headers in FOREIGN {
        for (method, path, body) in [
            ("POST", NAMESPACES, r#"{"title":"other"}"#),
            ("GET", NAMESPACES, ""),
            ("DELETE", &namespace, ""),
            ("PUT", &format!("{namespace}/values/k"), "v"),
            ("OPTIONS", &namespace, ""),
        ] {
            let response = server.send(request(method, path, headers, body)).await;
            assert_eq!(response.failure(), (403, 10000), "{method} {path} {headers:?}");
            assert!(response.message().contains("set a token"), "{}", response.message());
            assert!(!response.headers.keys().any(|name| name.as_str().starts_with("access-control")));
        }
        // The runtime's protocol, open to a page whose host name resolves to this machine.
        let runtime = [headers, &[("x-kv-namespace", "n")]].concat();
        for (method, path) in [("GET", "/"), ("PUT", "/k"), ("DELETE", "/k"), ("POST", "/bulk/get")] {
            let response = server.send(request(method, path, &runtime, "v")).await;
            assert_eq!(response.status, 403, "{method} {path} {headers:?}");
        }
        // The health check shows nothing of the store.
        assert_eq!(server.send(request("GET", "/healthz", headers, "")).await.status, 200, "{headers:?}");
    }
    assert_eq!(server.store.list_namespaces().await.unwrap().len(), 1);
    let keys = server.send(request("GET", &format!("{namespace}/keys"), &local, "")).await;
    assert_eq!(keys.result(), serde_json::json!([]));
}

#[tokio::test]
async fn programs_and_pages_of_this_machine_and_the_runtime_can() {
    let server = Server::start_without_token(|builder| builder.allow_host("Host.Docker.Internal")).await;
    let namespaces: [&[(&str, &str)]; 6] = [
        &[("host", "localhost")],
        &[("host", "[::1]:8788"), ("origin", "http://localhost:3000"), ("sec-fetch-site", "cross-site")],
        &[("host", "127.0.0.1:8788"), ("sec-fetch-site", "none")],
        &[("host", "kv.localhost:8788"), ("origin", "https://app.localhost")],
        &[("host", "host.docker.internal:8788")],
        &[("host", "localhost:8788"), ("origin", "http://host.docker.internal")],
    ];
    for headers in namespaces {
        server.send(request("GET", NAMESPACES, headers, "")).await.result();
    }
    server.send(request("POST", NAMESPACES, namespaces[0], r#"{"title":"n"}"#)).await.result();
    for host in ["fake-host", "localhost:8788", "host.docker.internal"] {
        let response =
            server.send(request("GET", "/k", &[("host", host), ("x-kv-namespace", "n")], "")).await;
        assert_eq!(response.status, 404, "{host}");
    }
    assert_eq!(
        server.send(request("GET", NAMESPACES, &[("host", "fake-host")], "")).await.failure(),
        (403, 10000)
    );
}

#[tokio::test]
async fn with_a_token_host_and_origin_do_not_matter() {
    let server = Server::start().await;
    let token = format!("Bearer {TOKEN}");
    for headers in FOREIGN {
        let with_token = [headers, &[("authorization", &*token)]].concat();
        server.send(request("GET", NAMESPACES, &with_token, "")).await.result();
    }
}

#[test]
fn an_allowed_host_has_no_scheme_and_no_port() {
    for host in ["", "a:80", "http://a", "a b"] {
        let builder = KvServer::builder(Arc::new(MemoryStore::new())).allow_host(host);
        let error = builder.build().unwrap_err();
        assert!(error.to_string().starts_with("allowed host is malformed: "), "{error}");
    }
}
