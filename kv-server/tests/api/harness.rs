//! A server on a port of its own, and a client that sends what it is told to.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, HeaderValue, Request},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use kv_core::{GetOptions, Key, KvNamespace, KvStore, ListOptions};
use kv_memory::MemoryStore;
use kv_server::{KvServer, KvServerBuilder};
use kv_testkit::ManualClock;
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

pub(crate) const TOKEN: &str = "a-token";
/// What every path of the API starts with.
pub(crate) const NAMESPACES: &str =
    "/client/v4/accounts/0123456789abcdef0123456789abcdef/storage/kv/namespaces";

/// A server that is running.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) store: MemoryStore,
    pub(crate) clock: ManualClock,
    pub(crate) handle: KvServer,
    stop: oneshot::Sender<()>,
    running: JoinHandle<kv_core::Result<()>>,
}

impl Server {
    /// A server over an empty store, with a token.
    pub(crate) async fn start() -> Self {
        Self::start_with(|builder| builder).await
    }

    pub(crate) async fn start_with(configure: impl FnOnce(KvServerBuilder) -> KvServerBuilder) -> Self {
        let clock = ManualClock::default();
        let store = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
        Self::start_over(store.clone(), Arc::new(store), clock, configure).await
    }

    /// The same over `behind`, which leads to `store`.
    pub(crate) async fn start_over(
        store: MemoryStore,
        behind: Arc<dyn KvStore>,
        clock: ManualClock,
        configure: impl FnOnce(KvServerBuilder) -> KvServerBuilder,
    ) -> Self {
        let builder = KvServer::builder(behind).clock(Arc::new(clock.clone())).token(TOKEN);
        let handle = configure(builder).build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn({
            let handle = handle.clone();
            async move { handle.serve(listener, async { stopped.await.unwrap_or_default() }).await }
        });
        Self { address, store, clock, handle, stop, running }
    }

    /// Tells it to stop, and gives what ends when it has.
    pub(crate) fn stop(self) -> JoinHandle<kv_core::Result<()>> {
        self.stop.send(()).unwrap();
        self.running
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Creates a namespace and gives its path.
    pub(crate) async fn namespace(&self, title: &str) -> String {
        let namespace = self.store.open_namespace(title).await.unwrap();
        format!("{NAMESPACES}/{}", namespace.id().unwrap())
    }

    /// Sends a request with the token, on a connection of its own.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: impl Into<Body>) -> Reply {
        self.send(with_token(method, path, body)).await
    }

    /// Sends a request as it is, on a connection of its own.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        send(self.address, request).await
    }

    /// Everything that the store holds, by title and key.
    pub(crate) async fn contents(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let mut contents = BTreeMap::new();
        for info in self.store.list_namespaces().await.unwrap() {
            let namespace = self.store.namespace(&info.id);
            let mut entries = BTreeMap::new();
            for name in namespace.list_page(ListOptions::default()).await.unwrap().keys {
                let options = GetOptions::default().with_metadata(true);
                let entry = namespace.read(name.name.as_borrowed(), options).await.unwrap().unwrap();
                let metadata = entry.metadata.as_ref().map(|metadata| metadata.as_str().to_owned());
                let shown = format!("{:?} {metadata:?} {:?}", entry.value.as_bytes(), entry.expires_at);
                entries.insert(name.name.into_string(), shown);
            }
            contents.insert(info.title.to_string(), entries);
        }
        contents
    }

    /// The value under a key of a namespace.
    pub(crate) async fn stored(&self, title: &str, key: &str) -> Option<Bytes> {
        let namespace = self.store.open_namespace(title).await.unwrap();
        let entry = namespace.read(Key::new(key).unwrap(), GetOptions::default()).await.unwrap();
        entry.map(|entry| entry.value.into_bytes())
    }
}

/// A request with the token.
pub(crate) fn with_token(method: &str, path: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().header("authorization", format!("Bearer {TOKEN}"));
    request.method(method).uri(path).body(body.into()).unwrap()
}

/// Sends a request as it is, but for a `Host` if it has none, on a connection of its own.
pub(crate) async fn send(address: SocketAddr, mut request: Request<Body>) -> Reply {
    request.headers_mut().entry("host").or_insert(HeaderValue::from_static("localhost"));
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(Body::new(body), usize::MAX).await.unwrap();
    connection.abort();
    Reply { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The result of a request that succeeded.
    pub(crate) fn result(&self) -> Value {
        let json = self.json();
        assert_eq!(self.status, 200, "{json}");
        assert_eq!((&json["success"], &json["errors"]), (&true.into(), &Value::Array(Vec::new())), "{json}");
        json["result"].clone()
    }

    /// The status and the code of a request that failed.
    pub(crate) fn failure(&self) -> (u16, u64) {
        let json = self.json();
        assert_eq!((&json["success"], &json["result"]), (&false.into(), &Value::Null), "{json}");
        assert_eq!(json["messages"], Value::Array(Vec::new()), "{json}");
        assert_eq!(self.headers["content-type"], "application/json");
        (self.status, json["errors"][0]["code"].as_u64().unwrap())
    }

    /// The message of a request that failed.
    pub(crate) fn message(&self) -> String {
        self.json()["errors"][0]["message"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}
