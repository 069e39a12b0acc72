#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
//! Memory that requests take together, in a server and its clients in one process.

use std::{net::SocketAddr, sync::Arc};

use axum::body::Bytes;
use kv_core::{
    Entry, GetOptions, Key, KvNamespace, KvStore, ListOptions, ListPage, NamespaceId, NamespaceInfo,
    NamespaceTitle, PutEntry, PutOptions, Result, Value, async_trait, prelude::*,
};
use kv_memory::MemoryStore;
use kv_server::KvServer;
use peak_alloc::PeakAlloc;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Mutex,
    task::JoinSet,
    time::Instant,
};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;
/// One test at a time, since the peak is the process's.
static ALONE: Mutex<()> = Mutex::const_new(());

const MIB: usize = 1024 * 1024;
const VALUE: usize = 25 * MIB;
/// Memory that the server of a test may hold for its requests.
const MAX_MEMORY: usize = 128 * MIB;
/// Memory that a connection holds besides, with its client's end in the same process.
const CONNECTION: usize = MIB / 2;
const CLIENTS: usize = 20;

/// A store in memory that gives a copy of a value to each reader, as one does that reads from a disk.
#[derive(Debug)]
struct ColdStore(MemoryStore);

#[derive(Debug)]
struct ColdNamespace(Arc<dyn KvNamespace>);

#[async_trait]
impl KvNamespace for ColdNamespace {
    async fn read(&self, key: Key<'_>, options: GetOptions) -> Result<Option<Entry>> {
        let mut entry = self.0.read(key, options).await?;
        if let Some(entry) = &mut entry {
            entry.value = Value::new(entry.value.to_vec())?;
        }
        Ok(entry)
    }

    async fn write(&self, key: Key<'_>, value: Value, options: PutOptions) -> Result<()> {
        self.0.write(key, value, options).await
    }

    async fn remove(&self, key: Key<'_>) -> Result<()> {
        self.0.remove(key).await
    }

    async fn list_page(&self, options: ListOptions) -> Result<ListPage> {
        self.0.list_page(options).await
    }
}

#[async_trait]
impl KvStore for ColdStore {
    async fn create_namespace(&self, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.0.create_namespace(title).await
    }

    async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>> {
        self.0.list_namespaces().await
    }

    async fn namespace_info(&self, id: &NamespaceId) -> Result<NamespaceInfo> {
        self.0.namespace_info(id).await
    }

    async fn rename_namespace(&self, id: &NamespaceId, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.0.rename_namespace(id, title).await
    }

    async fn delete_namespace(&self, id: &NamespaceId) -> Result<()> {
        self.0.delete_namespace(id).await
    }

    fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace> {
        Arc::new(ColdNamespace(self.0.namespace(id)))
    }

    async fn close(&self) -> Result<()> {
        self.0.close().await
    }
}

struct Server {
    address: SocketAddr,
    /// The path of a namespace.
    path: String,
}

impl Server {
    /// A server of which no client is too slow, with a large value of NUL and a small one.
    async fn start() -> Self {
        let store = MemoryStore::new();
        let namespace = store.open_namespace("n").await.unwrap();
        namespace.put("large", vec![0; VALUE]).await.unwrap();
        namespace.put("small", "v").await.unwrap();
        let hour = std::time::Duration::from_secs(3600);
        let server = KvServer::builder(Arc::new(ColdStore(store)))
            .max_memory(MAX_MEMORY)
            .stall_timeout(hour)
            .header_timeout(hour)
            .build()
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let account = format!("/client/v4/accounts/{}/storage/kv/namespaces", server.account_id());
        tokio::spawn(async move { server.serve(listener, std::future::pending()).await });
        Self { address, path: format!("{account}/{}", namespace.id().unwrap()) }
    }

    /// A connection on which a request was sent, and the head of the answer.
    async fn ask(&self, method: &str, path: &str, body: &[u8]) -> (TcpStream, String) {
        let mut connection = TcpStream::connect(self.address).await.unwrap();
        let namespace = &self.path;
        let len = body.len();
        let head = format!(
            "{method} {namespace}{path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer any\r\ncontent-length: {len}\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(body).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(connection.read_u8().await.unwrap());
        }
        (connection, String::from_utf8(head).unwrap())
    }

    /// The connections and heads of that many requests at once.
    async fn ask_at_once(
        self: &Arc<Self>,
        clients: usize,
        method: &'static str,
        path: &'static str,
        body: Bytes,
    ) -> Vec<(TcpStream, String)> {
        let mut asking = JoinSet::new();
        for _ in 0..clients {
            let server = Arc::clone(self);
            let body = body.clone();
            asking.spawn(async move { server.ask(method, path, &body).await });
        }
        asking.join_all().await
    }
}

#[tokio::test]
async fn a_connection_costs_little_before_its_headers_are_whole() {
    const CONNECTIONS: usize = 100;
    let _alone = ALONE.lock().await;
    let server = Server::start().await;
    for (sent, most) in [(0, 40 * 1024), (1, 40 * 1024), (15 * 1024, 64 * 1024), (120 * 1024, 64 * 1024)] {
        let before = ALLOCATED.current_usage();
        ALLOCATED.reset_peak_usage();
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut connection = TcpStream::connect(server.address).await.unwrap();
            let head = format!("GET /{}", "a".repeat(sent));
            // What is too long is refused before it is read.
            let written = connection.write_all(&head.as_bytes()[..sent.min(head.len())]).await;
            assert!(written.is_ok() || sent > 16 * 1024);
            connections.push(connection);
        }
        for _ in 0..10 * CONNECTIONS {
            tokio::task::yield_now().await;
        }
        let each = (ALLOCATED.peak_usage() - before) / CONNECTIONS;
        println!("a connection that sends {sent} bytes of headers takes {each} bytes");
        assert!(each <= most, "{sent}: {each}");
        drop(connections);
        for _ in 0..10 * CONNECTIONS {
            tokio::task::yield_now().await;
        }
    }
}

/// Number of the answers that are 200; each of the others is told to come again.
fn count_answered(answers: &[(TcpStream, String)]) -> usize {
    let answered = answers.iter().filter(|(_, head)| {
        let refused = head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: 1\r\n");
        assert!(refused || head.starts_with("HTTP/1.1 200 "), "{head}");
        !refused
    });
    answered.count()
}

/// The most bytes that were held meanwhile beyond those before.
fn assert_bounded(before: usize, clients: usize) {
    let peak = ALLOCATED.peak_usage() - before;
    let bound = MAX_MEMORY + clients * CONNECTION;
    println!("peak: {} MiB of {}", peak / MIB, bound / MIB);
    assert!(peak <= bound, "{} MiB of {}", peak / MIB, bound / MIB);
}

/// Small requests are answered, without a wait for room, while there is no room for more large ones.
async fn assert_small_ones_go_on(server: &Server) {
    for (method, path, body) in [
        ("GET", "/values/small", ""),
        ("PUT", "/values/other", "w"),
        ("GET", "/keys?limit=10", ""),
        ("POST", "/bulk/get", r#"{"keys":["small","absent"]}"#),
        ("PUT", "/bulk", r#"[{"key":"k","value":"v"}]"#),
    ] {
        let started = Instant::now();
        let (_, head) = server.ask(method, path, body.as_bytes()).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{method} {path}: {head}");
        assert!(started.elapsed() < std::time::Duration::from_secs(5), "{method} {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_nobody_reads_are_bounded() {
    let _alone = ALONE.lock().await;
    let server = Arc::new(Server::start().await);
    let before = ALLOCATED.current_usage();
    let bulk_get = r#"{"keys":["large"]}"#;
    for (method, path, body) in [("POST", "/bulk/get", bulk_get), ("GET", "/values/large", "")] {
        ALLOCATED.reset_peak_usage();
        let mut answers = server.ask_at_once(CLIENTS, method, path, Bytes::from(body)).await;
        let answered = count_answered(&answers);
        assert!((2..CLIENTS).contains(&answered), "{path}: {answered}");
        assert_small_ones_go_on(&server).await;
        assert_bounded(before, CLIENTS);
        // What was begun is whole, although it was never there as a whole.
        let (connection, _) = answers.iter_mut().find(|(_, head)| head.starts_with("HTTP/1.1 200 ")).unwrap();
        let last = if method == "GET" { VALUE } else { 6 * VALUE };
        let mut len = 0;
        let mut chunk = vec![0; MIB];
        while len < last {
            let read = connection.read(&mut chunk).await.unwrap();
            assert_ne!(read, 0, "{path} ended after {len} bytes");
            len += read;
        }
        drop(answers);
        assert_bounded(before, CLIENTS);
    }
}

#[tokio::test(start_paused = true)]
async fn listings_that_nobody_reads_are_bounded() {
    const LISTINGS: usize = 60;
    let _alone = ALONE.lock().await;
    let server = Arc::new(Server::start().await);
    // Names of which nearly every byte takes six.
    let pairs = (0..1000)
        .map(|index| serde_json::json!({ "key": format!("{}{index:03}", "\u{1}".repeat(509)), "value": "" }));
    let body = serde_json::to_vec(&pairs.collect::<Vec<_>>()).unwrap();
    assert!(server.ask("PUT", "/bulk", &body).await.1.starts_with("HTTP/1.1 200 "));
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let answers = server.ask_at_once(LISTINGS, "GET", "/keys", Bytes::new()).await;
    count_answered(&answers);
    assert_bounded(before, LISTINGS);
    // A page that is small is listed all the same.
    assert!(server.ask("GET", "/keys?prefix=small", b"").await.1.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn what_has_no_meaning_in_a_body_takes_no_memory() {
    let _alone = ALONE.lock().await;
    let server = Server::start().await;
    let body = format!(r#"{{"title":"other","x":[{}1]}}"#, "1,".repeat(500_000));
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    assert!(server.ask("PUT", "", body.as_bytes()).await.1.starts_with("HTTP/1.1 200 "));
    let peak = ALLOCATED.peak_usage() - before;
    assert!(peak <= body.len() + 2 * CONNECTION, "{peak}");
}

#[tokio::test(start_paused = true)]
async fn bulk_bodies_at_once_are_bounded() {
    const LEN: usize = 6_000_000;
    let _alone = ALONE.lock().await;
    let server = Arc::new(Server::start().await);
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
        let answers = server.ask_at_once(CLIENTS, "PUT", "/bulk", body).await;
        // Those that wait have their turn in time.
        assert_eq!(count_answered(&answers), CLIENTS);
        assert_bounded(before, CLIENTS);
    }
}
