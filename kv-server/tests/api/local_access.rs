//! Pages of other sites, and a server without a token.

use std::sync::Arc;

use axum::{body::Body, http::Request};
use kv_core::KvStore as _;
use kv_memory::MemoryStore;
use kv_server::{KvServer, KvServerBuilder};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::harness::{NAMESPACES, Reply, Server, TOKEN, send};

/// A server that is running without a token, and its store.
struct Open {
    address: std::net::SocketAddr,
    store: MemoryStore,
    running: JoinHandle<kv_core::Result<()>>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Open {
    async fn start(configure: impl FnOnce(KvServerBuilder) -> KvServerBuilder) -> Self {
        let store = MemoryStore::new();
        let server = configure(KvServer::builder(Arc::new(store.clone()))).build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let running = tokio::spawn(async move { server.serve(listener, std::future::pending()).await });
        Self { address, store, running }
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &'static str) -> Reply {
        send(self.address, request(method, path, headers, body)).await
    }

    async fn namespaces(&self) -> usize {
        self.store.list_namespaces().await.unwrap().len()
    }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &'static str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(Body::from(body)).unwrap()
}

/// Headers that a browser sends on behalf of a page of another site.
const FOREIGN: [&[(&str, &str)]; 5] = [
    // A name that was made to mean this machine.
    &[("host", "evil.example:8788")],
    &[("host", "localhost.evil.example:8788"), ("sec-fetch-site", "same-origin")],
    // A form.
    &[("host", "localhost:8788"), ("origin", "http://evil.example"), ("content-type", "text/plain")],
    &[("host", "127.0.0.1:8788"), ("origin", "null")],
    // A script.
    &[("host", "localhost:8788"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")],
];

#[tokio::test]
async fn a_page_of_another_site_neither_reads_nor_writes() {
    let server = Open::start(|builder| builder).await;
    let local = [("host", "localhost:8788"), ("authorization", "Bearer any")];
    let created = server.ask("POST", NAMESPACES, &local, r#"{"title":"n"}"#).await.result();
    let namespace = format!("{NAMESPACES}/{}", created["id"].as_str().unwrap());
    for headers in FOREIGN {
        for (method, path, body) in [
            ("POST", NAMESPACES, r#"{"title":"other"}"#),
            ("GET", NAMESPACES, ""),
            ("DELETE", &namespace, ""),
            ("PUT", &format!("{namespace}/values/k"), "v"),
            ("OPTIONS", &namespace, ""),
        ] {
            let reply = server.ask(method, path, headers, body).await;
            assert_eq!(reply.failure(), (403, 10000), "{method} {path} {headers:?}");
            assert!(reply.message().contains("set a token"), "{}", reply.message());
            assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control")));
        }
        // The runtime's protocol, which a page whose name means this machine could speak.
        let runtime = [headers, &[("x-kv-namespace", "n")]].concat();
        for (method, path) in [("GET", "/"), ("PUT", "/k"), ("DELETE", "/k"), ("POST", "/bulk/get")] {
            let reply = server.ask(method, path, &runtime, "v").await;
            assert_eq!(reply.status, 403, "{method} {path} {headers:?}");
        }
        // Whether the server is well tells nothing.
        assert_eq!(server.ask("GET", "/healthz", headers, "").await.status, 200, "{headers:?}");
    }
    assert_eq!(server.namespaces().await, 1);
    let keys = server.ask("GET", &format!("{namespace}/keys"), &local, "").await;
    assert_eq!(keys.result(), serde_json::json!([]));
}

#[tokio::test]
async fn programs_and_pages_of_this_machine_and_the_runtime_do() {
    let server = Open::start(|builder| builder.allow_host("Host.Docker.Internal")).await;
    let namespaces: [&[(&str, &str)]; 6] = [
        &[("host", "localhost")],
        &[("host", "[::1]:8788"), ("origin", "http://localhost:3000"), ("sec-fetch-site", "cross-site")],
        &[("host", "127.0.0.1:8788"), ("sec-fetch-site", "none")],
        &[("host", "kv.localhost:8788"), ("origin", "https://app.localhost")],
        &[("host", "host.docker.internal:8788")],
        &[("host", "localhost:8788"), ("origin", "http://host.docker.internal")],
    ];
    for headers in namespaces {
        server.ask("GET", NAMESPACES, headers, "").await.result();
    }
    server.ask("POST", NAMESPACES, namespaces[0], r#"{"title":"n"}"#).await.result();
    for host in ["fake-host", "localhost:8788", "host.docker.internal"] {
        let reply = server.ask("GET", "/k", &[("host", host), ("x-kv-namespace", "n")], "").await;
        assert_eq!(reply.status, 404, "{host}");
    }
    assert_eq!(server.ask("GET", NAMESPACES, &[("host", "fake-host")], "").await.failure(), (403, 10000));
}

#[tokio::test]
async fn with_a_token_neither_host_nor_origin_matters() {
    let server = Server::start().await;
    let token = format!("Bearer {TOKEN}");
    for headers in FOREIGN {
        let with_token = [headers, &[("authorization", &*token)]].concat();
        server.send(request("GET", NAMESPACES, &with_token, "")).await.result();
    }
}

#[test]
fn an_allowed_host_is_a_host() {
    for host in ["", "a:80", "http://a", "a b"] {
        let builder = KvServer::builder(Arc::new(MemoryStore::new())).allow_host(host);
        let error = builder.build().unwrap_err();
        assert!(error.to_string().starts_with("allowed host is malformed: "), "{error}");
    }
}
