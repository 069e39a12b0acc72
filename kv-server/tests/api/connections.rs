//! Connections: limits on their number and time, and shutdown.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use kv_core::prelude::*;
use kv_memory::MemoryStore;
use kv_server::KvServerBuilder;
use kv_testkit::ManualClock;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::Semaphore,
    task::yield_now,
    time::timeout,
};

use crate::support::{
    client::{head, read_response, send, with_token},
    controlled_store::ControlledStore,
    server::Server,
};

/// Starts a server whose store waits for permits, and returns both.
async fn start_waiting(
    configure: impl FnOnce(KvServerBuilder) -> KvServerBuilder,
) -> (Server, Arc<Semaphore>) {
    let store = MemoryStore::new();
    let permits = Arc::new(Semaphore::new(0));
    let waiting = ControlledStore { permits: Arc::clone(&permits), ..ControlledStore::new(store.clone()) };
    (Server::start_over(store, Arc::new(waiting), ManualClock::default(), configure).await, permits)
}

/// Waits until this number of requests is in flight.
async fn until_in_flight(server: &Server, requests: usize) {
    until_shown(server, &format!("kv_server_requests_in_flight {requests}")).await;
}

/// Waits until the metrics contain a line.
async fn until_shown(server: &Server, line: &str) {
    let shown = async {
        while !server.metrics_text().await.lines().any(|given| given == line) {
            yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), shown).await.unwrap_or_else(|_| panic!("{line} is never shown"));
}

#[tokio::test]
async fn a_request_beyond_the_limit_is_told_to_retry() {
    let (server, permits) = start_waiting(|builder| builder.max_concurrent_requests(2)).await;
    let path = format!("{}/values/k", server.namespace("n").await);
    let server = Arc::new(server);
    let ask = || {
        let server = Arc::clone(&server);
        let path = path.clone();
        tokio::spawn(async move { server.ask("GET", &path, Body::empty()).await })
    };
    let in_flight = [ask(), ask()];
    until_in_flight(&server, 2).await;
    let refused = ask().await.unwrap();
    assert_eq!(refused.failure(), (503, 10001));
    assert_eq!(refused.header("retry-after"), Some("1"));
    // The limit holds for the runtime's protocol too, and not for the health check.
    let runtime = axum::http::Request::get("/k").header("x-kv-namespace", "n").body(Body::empty()).unwrap();
    assert_eq!(server.send(runtime).await.status, 503);
    let health = axum::http::Request::get("/healthz").body(Body::empty()).unwrap();
    assert_eq!(server.send(health).await.status, 200);

    permits.add_permits(3);
    for request in in_flight {
        assert_eq!(request.await.unwrap().failure(), (404, 10009));
    }
    until_in_flight(&server, 0).await;
    assert_eq!(ask().await.unwrap().failure(), (404, 10009));
}

#[tokio::test]
async fn uploads_leave_room_for_other_requests() {
    let server = Server::start_with(|builder| builder.max_concurrent_requests(4)).await;
    let path = format!("{}/values/k", server.namespace("n").await);
    let mut uploads = Vec::new();
    for in_flight in 1..=3 {
        let mut connection = server.connect().await;
        let half = head("PUT", &path, "content-length: 9\r\n") + "slow";
        connection.write_all(half.as_bytes()).await.unwrap();
        until_in_flight(&server, in_flight).await;
        uploads.push(connection);
    }
    assert_eq!(server.ask("PUT", &path, "v").await.failure(), (503, 10001));
    assert_eq!(server.ask("GET", &path, Body::empty()).await.failure(), (404, 10009));
    drop(uploads);
    until_in_flight(&server, 0).await;
    server.ask("PUT", &path, "v").await.result();
}

#[tokio::test]
async fn a_connection_beyond_the_limit_is_told_to_retry() {
    let server = Server::start_with(|builder| builder.max_connections(2)).await;
    let path = format!("{}/values/k", server.namespace("n").await);
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut connection = server.connect().await;
        connection.write_all(head("GET", &path, "").as_bytes()).await.unwrap();
        connection.read_exact(&mut [0; 100]).await.unwrap();
        kept.push(connection);
    }
    let ask = async |path: &str| {
        let mut connection = server.connect().await;
        connection.write_all(head("GET", path, "").as_bytes()).await.unwrap();
        read_response(&mut connection).await
    };
    for _ in 0..40 {
        let refused = ask(&path).await;
        assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")), "{refused:?}");
        let health = ask("/healthz").await;
        assert_eq!(health.status, 200, "{health:?}");
    }
    drop(kept);
    let until_free = async { while server.ask("GET", &path, Body::empty()).await.status == 503 {} };
    timeout(Duration::from_secs(20), until_free).await.unwrap();
}

#[tokio::test]
async fn silent_connections_do_not_keep_others_from_a_response() {
    let server = Server::start_with(|builder| builder.max_connections(1)).await;
    let mut silent = Vec::new();
    // More than the server refuses at once. Each could hold its place for 5 s, and for 2 s while it is
    // closed.
    for _ in 0..50 {
        let mut connection = server.connect().await;
        connection.write_all(b"GET /healthz HTTP/1.1\r\nhost: a").await.unwrap();
        silent.push(connection);
    }
    let mut connection = server.connect().await;
    connection.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut response = String::new();
    timeout(Duration::from_secs(10), connection.read_to_string(&mut response)).await.unwrap().unwrap();
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

#[tokio::test]
async fn a_client_that_disconnects_frees_its_place() {
    let (server, permits) = start_waiting(|builder| builder.max_concurrent_requests(1)).await;
    let path = format!("{}/values/k", server.namespace("n").await);
    let mut connection = server.connect().await;
    connection.write_all(head("GET", &path, "").as_bytes()).await.unwrap();
    until_in_flight(&server, 1).await;
    drop(connection);
    until_in_flight(&server, 0).await;
    permits.add_permits(1);
    assert_eq!(server.ask("GET", &path, Body::empty()).await.failure(), (404, 10009));
    let text = server.metrics_text().await;
    assert!(text.contains(r#"kv_server_requests_total{route="value",method="GET",status="0"} 1"#), "{text}");
}

#[tokio::test]
async fn a_request_in_flight_at_shutdown_is_finished() {
    let (server, permits) = start_waiting(|builder| builder).await;
    let path = format!("{}/values/k", server.namespace("n").await);
    let address = server.address;
    let store = server.store.clone();
    let mut idle = server.connect().await;
    let mut busy = server.connect().await;
    let put = head("PUT", &path, "content-length: 1\r\n") + "v";
    busy.write_all(put.as_bytes()).await.unwrap();
    until_in_flight(&server, 1).await;
    let stopped = server.stop();
    // An idle connection is closed at once.
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap(), 0);
    assert!(!stopped.is_finished());
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the server still accepts connections");
    permits.add_permits(1);
    let mut response = String::new();
    busy.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    stopped.await.unwrap().unwrap();
    let namespace = store.open_namespace("n").await.unwrap();
    assert!(namespace.get("k").await.unwrap().is_some());
}

#[tokio::test]
async fn the_grace_period_ends_requests_in_flight() {
    let (server, _permits) = start_waiting(|builder| builder.grace_period(Duration::from_millis(20))).await;
    let path = format!("{}/values/k", server.namespace("n").await);
    let mut connection = server.connect().await;
    connection.write_all(head("GET", &path, "").as_bytes()).await.unwrap();
    until_in_flight(&server, 1).await;
    timeout(Duration::from_secs(20), server.stop()).await.unwrap().unwrap().unwrap();
    assert_eq!(connection.read(&mut [0; 1]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn slow_headers_and_idle_connections_time_out() {
    let server = Server::start_with(|builder| builder.header_timeout(Duration::from_millis(300))).await;
    let exchange = async |sent: &str| {
        let mut connection = server.connect().await;
        connection.write_all(sent.as_bytes()).await.unwrap();
        let mut response = Vec::new();
        timeout(Duration::from_secs(20), connection.read_to_end(&mut response)).await.unwrap().unwrap();
        String::from_utf8(response).unwrap()
    };
    let (nothing, half, whole) = tokio::join!(
        exchange(""),
        exchange("GET /healthz HTTP/1.1\r\nhost"),
        exchange("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"),
    );
    assert!(nothing.is_empty() && !half.contains("200 OK"), "{nothing} {half}");
    assert!(whole.starts_with("HTTP/1.1 200 "), "{whole}");
}

#[tokio::test]
async fn the_longest_timeouts_never_expire() {
    let server = Server::start_with(|builder| {
        builder.header_timeout(Duration::MAX).stall_timeout(Duration::MAX).grace_period(Duration::MAX)
    })
    .await;
    let path = format!("{}/values/k", server.namespace("n").await);
    server.ask("PUT", &path, "v").await.result();
    assert_eq!(server.ask("GET", &path, Body::empty()).await.body, "v");
    server.stop().await.unwrap().unwrap();
}

#[tokio::test]
async fn headers_that_are_too_long_are_refused_before_they_end() {
    let server = Server::start().await;
    let many = "x: y\r\n".repeat(200);
    let table = [
        format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(1 << 20)),
        format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: {}", "y".repeat(200_000)),
        format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"),
    ];
    for request in table {
        let mut connection = server.connect().await;
        // The server may refuse the request and reset the connection before all of it is sent.
        let _ = connection.write_all(request.as_bytes()).await;
        let mut start = [0; 12];
        timeout(Duration::from_secs(20), connection.read_exact(&mut start)).await.unwrap().unwrap();
        assert_eq!(&start, b"HTTP/1.1 431", "{}", &request[..20]);
    }
}

/// Returns a connection on which a value of 25 MiB was requested and is not read.
async fn unread(server: &Server) -> tokio::net::TcpStream {
    let path = format!("{}/values/k", server.namespace("n").await);
    let namespace = server.store.open_namespace("n").await.unwrap();
    namespace.put("k", vec![b'x'; 26_214_400]).await.unwrap();
    let mut connection = server.connect().await;
    connection.write_all(head("GET", &path, "").as_bytes()).await.unwrap();
    connection
}

#[tokio::test]
async fn an_unread_response_keeps_its_request_in_flight() {
    let server = Server::start().await;
    let mut connection = unread(&server).await;
    until_in_flight(&server, 1).await;
    let mut some = vec![0; 1_000_000];
    connection.read_exact(&mut some).await.unwrap();
    for _ in 0..20 {
        until_in_flight(&server, 1).await;
    }
    drop(connection);
    until_in_flight(&server, 0).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected() {
    let server = Server::start_with(|builder| builder.stall_timeout(Duration::from_millis(50))).await;
    let mut connection = unread(&server).await;
    until_shown(&server, r#"kv_server_requests_total{route="value",method="GET",status="200"} 1"#).await;
    let mut response = Vec::new();
    let _ = connection.read_to_end(&mut response).await;
    assert!(response.len() < 26_214_400, "{}", response.len());
}

#[tokio::test]
async fn the_router_works_in_an_axum_server_too() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let running = tokio::spawn(axum::serve(listener, server.handle.router()).into_future());
    let path = format!("{namespace}/values/a%2Fb");
    send(address, with_token("PUT", &path, "v")).await.result();
    assert_eq!(send(address, with_token("GET", &path, Body::empty())).await.body, "v");
    assert_eq!(server.stored("n", "a/b").await.unwrap(), "v");
    running.abort();
}
