#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
//! Memory for concurrent requests, in a server and its clients in one process.

mod support;

use std::{sync::Arc, time::Duration};

use axum::body::Bytes;
use kv_core::{PutEntry, prelude::*};
use kv_memory::MemoryStore;
use kv_testkit::ManualClock;
use peak_alloc::PeakAlloc;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Mutex,
    task::JoinSet,
    time::Instant,
};

use support::{client::head, controlled_store::ControlledStore, server::Server};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;
/// Lock that lets one test run at a time, since the peak is that of the process.
static ALONE: Mutex<()> = Mutex::const_new(());

const MIB: usize = 1024 * 1024;
const MAX_VALUE: usize = 25 * MIB;
/// The server's limit of memory for requests.
const MAX_MEMORY: usize = 128 * MIB;
/// Bound of a connection's memory at both ends.
const CONNECTION: usize = MIB / 2;
const CLIENTS: usize = 20;

/// Starts a server without short timeouts, over a store that copies values and holds a large one of NUL and a
/// small one. Returns the path of its namespace too.
async fn start() -> (Arc<Server>, String) {
    let store = MemoryStore::new();
    let namespace = store.open_namespace("n").await.unwrap();
    namespace.put("large", vec![0; MAX_VALUE]).await.unwrap();
    namespace.put("small", "v").await.unwrap();
    let hour = Duration::from_secs(3600);
    let copying = ControlledStore { copies_values: true, ..ControlledStore::new(store.clone()) };
    let server = Server::start_over(store, Arc::new(copying), ManualClock::default(), |builder| {
        builder.max_memory(MAX_MEMORY).stall_timeout(hour).header_timeout(hour)
    });
    let server = Arc::new(server.await);
    let path = server.namespace("n").await;
    (server, path)
}

/// Sends a request, and returns the connection and the head of the response, whose body is still to be read.
async fn ask(server: &Server, method: &str, path: &str, body: &[u8]) -> (TcpStream, String) {
    let mut connection = server.connect().await;
    let request = head(method, path, &format!("content-length: {}\r\n", body.len()));
    connection.write_all(request.as_bytes()).await.unwrap();
    connection.write_all(body).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.unwrap());
    }
    (connection, String::from_utf8(head).unwrap())
}

/// Sends this number of requests at once.
async fn ask_at_once(
    server: &Arc<Server>,
    clients: usize,
    method: &'static str,
    path: String,
    body: Bytes,
) -> Vec<(TcpStream, String)> {
    let mut requests = JoinSet::new();
    for _ in 0..clients {
        let server = Arc::clone(server);
        let path = path.clone();
        let body = body.clone();
        requests.spawn(async move { ask(&server, method, &path, &body).await });
    }
    requests.join_all().await
}

#[tokio::test]
async fn a_connection_costs_little_before_its_headers_are_whole() {
    const CONNECTIONS: usize = 100;
    let _alone = ALONE.lock().await;
    let (server, _) = start().await;
    for (sent, max) in [(0, 40 * 1024), (1, 40 * 1024), (15 * 1024, 64 * 1024), (120 * 1024, 64 * 1024)] {
        let before = ALLOCATED.current_usage();
        ALLOCATED.reset_peak_usage();
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut connection = TcpStream::connect(server.address).await.unwrap();
            let head = format!("GET /{}", "a".repeat(sent));
            // A head that is too long is refused before all of it is read.
            let written = connection.write_all(&head.as_bytes()[..sent.min(head.len())]).await;
            assert!(written.is_ok() || sent > 16 * 1024);
            connections.push(connection);
        }
        for _ in 0..10 * CONNECTIONS {
            tokio::task::yield_now().await;
        }
        let each = (ALLOCATED.peak_usage() - before) / CONNECTIONS;
        println!("a connection that has sent {sent} bytes of headers takes {each} bytes");
        assert!(each <= max, "{sent}: {each}");
        drop(connections);
        for _ in 0..10 * CONNECTIONS {
            tokio::task::yield_now().await;
        }
    }
}

/// Counts the responses with status 200; all others have 503 and tell the client to retry.
fn count_successes(responses: &[(TcpStream, String)]) -> usize {
    let succeeded = responses.iter().filter(|(_, head)| {
        let refused = head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: 1\r\n");
        assert!(refused || head.starts_with("HTTP/1.1 200 "), "{head}");
        !refused
    });
    succeeded.count()
}

/// Checks that the peak of memory is within the limit for requests and connections.
fn assert_bounded(before: usize, clients: usize) {
    let peak = ALLOCATED.peak_usage() - before;
    let bound = MAX_MEMORY + clients * CONNECTION;
    println!("peak: {} MiB of {}", peak / MIB, bound / MIB);
    assert!(peak <= bound, "{} MiB of {}", peak / MIB, bound / MIB);
}

/// Checks that small requests succeed without a wait while the memory for large ones is taken.
async fn assert_small_requests_succeed(server: &Server, namespace: &str) {
    for (method, path, body) in [
        ("GET", "/values/small", ""),
        ("PUT", "/values/other", "w"),
        ("GET", "/keys?limit=10", ""),
        ("POST", "/bulk/get", r#"{"keys":["small","absent"]}"#),
        ("PUT", "/bulk", r#"[{"key":"k","value":"v"}]"#),
    ] {
        let started = Instant::now();
        let (_, head) = ask(server, method, &format!("{namespace}{path}"), body.as_bytes()).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{method} {path}: {head}");
        assert!(started.elapsed() < Duration::from_secs(5), "{method} {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_memory_of_unread_responses_is_bounded() {
    let _alone = ALONE.lock().await;
    let (server, namespace) = start().await;
    let before = ALLOCATED.current_usage();
    let bulk_get = r#"{"keys":["large"]}"#;
    for (method, path, body) in [("POST", "/bulk/get", bulk_get), ("GET", "/values/large", "")] {
        ALLOCATED.reset_peak_usage();
        let mut responses =
            ask_at_once(&server, CLIENTS, method, format!("{namespace}{path}"), Bytes::from(body)).await;
        let succeeded = count_successes(&responses);
        assert!((2..CLIENTS).contains(&succeeded), "{path}: {succeeded}");
        assert_small_requests_succeed(&server, &namespace).await;
        assert_bounded(before, CLIENTS);
        // A response that has begun is complete, although it never was in memory as a whole.
        let (connection, _) =
            responses.iter_mut().find(|(_, head)| head.starts_with("HTTP/1.1 200 ")).unwrap();
        let last = if method == "GET" { MAX_VALUE } else { 6 * MAX_VALUE };
        let mut len = 0;
        let mut chunk = vec![0; MIB];
        while len < last {
            let read = connection.read(&mut chunk).await.unwrap();
            assert_ne!(read, 0, "{path} ended after {len} bytes");
            len += read;
        }
        drop(responses);
        assert_bounded(before, CLIENTS);
    }
}

#[tokio::test(start_paused = true)]
async fn the_memory_of_unread_listings_is_bounded() {
    const LISTINGS: usize = 60;
    let _alone = ALONE.lock().await;
    let (server, namespace) = start().await;
    // Names of which nearly every byte becomes six in JSON.
    let pairs = (0..1000)
        .map(|index| serde_json::json!({ "key": format!("{}{index:03}", "\u{1}".repeat(509)), "value": "" }));
    let body = serde_json::to_vec(&pairs.collect::<Vec<_>>()).unwrap();
    let (_, head) = ask(&server, "PUT", &format!("{namespace}/bulk"), &body).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let responses = ask_at_once(&server, LISTINGS, "GET", format!("{namespace}/keys"), Bytes::new()).await;
    count_successes(&responses);
    assert_bounded(before, LISTINGS);
    // A small page is still listed.
    let (_, head) = ask(&server, "GET", &format!("{namespace}/keys?prefix=small"), b"").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}

#[tokio::test]
async fn ignored_members_of_a_body_take_no_memory() {
    let _alone = ALONE.lock().await;
    let (server, namespace) = start().await;
    let body = format!(r#"{{"title":"other","x":[{}1]}}"#, "1,".repeat(500_000));
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let (_, head) = ask(&server, "PUT", &namespace, body.as_bytes()).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let peak = ALLOCATED.peak_usage() - before;
    assert!(peak <= body.len() + 2 * CONNECTION, "{peak}");
}

#[tokio::test(start_paused = true)]
async fn the_memory_of_concurrent_bulk_bodies_is_bounded() {
    const LEN: usize = 6_000_000;
    let _alone = ALONE.lock().await;
    let (server, namespace) = start().await;
    let pair = |index: usize, len: usize| PutEntry::new(format!("{index}"), "\u{1}".repeat(len)).unwrap();
    let pairs: Vec<_> = (0..8).map(|index| pair(index, LEN / 6 / 8)).collect();
    let json: Vec<_> = pairs
        .iter()
        .map(|pair| serde_json::json!({ "key": pair.key.as_str(), "value": pair.value.text().unwrap() }))
        .collect();
    let body = Bytes::from(serde_json::to_vec(&json).unwrap());
    assert!(body.len() > LEN * 9 / 10, "{}", body.len());
    let plain = Bytes::from(format!(r#"[{{"key":"k","value":"{}"}}]"#, "x".repeat(LEN)));
    for body in [body, plain] {
        let before = ALLOCATED.current_usage();
        ALLOCATED.reset_peak_usage();
        let responses = ask_at_once(&server, CLIENTS, "PUT", format!("{namespace}/bulk"), body).await;
        // Requests that have to wait succeed in time.
        assert_eq!(count_successes(&responses), CLIENTS);
        assert_bounded(before, CLIENTS);
    }
}
