//! Server on a port of its own, in the process of the test.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use axum::{
    body::{Body, Bytes},
    http::Request,
};
use kv_core::{GetOptions, Key, KvNamespace, KvStore, ListOptions};
use kv_memory::MemoryStore;
use kv_server::{KvServer, KvServerBuilder};
use kv_testkit::ManualClock;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

use super::{
    client::{self, with_token},
    response::Response,
};

pub(crate) const TOKEN: &str = "a-token";
/// Path of all namespaces of the server's account.
pub(crate) const NAMESPACES: &str =
    "/client/v4/accounts/0123456789abcdef0123456789abcdef/storage/kv/namespaces";

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) store: MemoryStore,
    pub(crate) clock: ManualClock,
    pub(crate) handle: KvServer,
    stop: oneshot::Sender<()>,
    running: JoinHandle<kv_core::Result<()>>,
}

impl Server {
    /// Starts a server over an empty store, with a token.
    pub(crate) async fn start() -> Self {
        Self::start_with(|builder| builder).await
    }

    pub(crate) async fn start_with(configure: impl FnOnce(KvServerBuilder) -> KvServerBuilder) -> Self {
        let clock = ManualClock::default();
        let store = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
        Self::start_over(store.clone(), Arc::new(store), clock, configure).await
    }

    /// Starts a server over `wrapper`, a store around `store`, with a token.
    pub(crate) async fn start_over(
        store: MemoryStore,
        wrapper: Arc<dyn KvStore>,
        clock: ManualClock,
        configure: impl FnOnce(KvServerBuilder) -> KvServerBuilder,
    ) -> Self {
        let builder = configure(KvServer::builder(wrapper).clock(Arc::new(clock.clone())).token(TOKEN));
        Self::run(store, clock, builder).await
    }

    /// Starts a server over an empty store, without a token.
    pub(crate) async fn start_without_token(
        configure: impl FnOnce(KvServerBuilder) -> KvServerBuilder,
    ) -> Self {
        let store = MemoryStore::new();
        let builder = configure(KvServer::builder(Arc::new(store.clone())));
        Self::run(store, ManualClock::default(), builder).await
    }

    async fn run(store: MemoryStore, clock: ManualClock, builder: KvServerBuilder) -> Self {
        let handle = builder.build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn({
            let handle = handle.clone();
            async move { handle.serve(listener, async { stopped.await.unwrap_or_default() }).await }
        });
        Self { address, store, clock, handle, stop, running }
    }

    /// Tells the server to stop, and returns its task, which ends when it has.
    pub(crate) fn stop(self) -> JoinHandle<kv_core::Result<()>> {
        self.stop.send(()).unwrap();
        self.running
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Creates a namespace and returns its path.
    pub(crate) async fn namespace(&self, title: &str) -> String {
        let namespace = self.store.open_namespace(title).await.unwrap();
        format!("{NAMESPACES}/{}", namespace.id().unwrap())
    }

    /// Sends a request with the token, on a connection of its own.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: impl Into<Body>) -> Response {
        self.send(with_token(method, path, body)).await
    }

    /// Sends a request without adding a token, on a connection of its own.
    pub(crate) async fn send(&self, request: Request<Body>) -> Response {
        client::send(self.address, request).await
    }

    /// Returns the response of the listener for metrics, which runs for this request alone.
    pub(crate) async fn metrics(&self, path: &str) -> Response {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let handle = self.handle.clone();
        let running = tokio::spawn(async move {
            handle.serve_metrics(listener, async { stopped.await.unwrap_or_default() }).await
        });
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = client::send(address, request).await;
        stop.send(()).unwrap();
        running.await.unwrap().unwrap();
        response
    }

    pub(crate) async fn metrics_text(&self) -> String {
        self.metrics("/metrics").await.text().to_owned()
    }

    /// Returns all contents of the store, by title and key.
    pub(crate) async fn contents(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let mut contents = BTreeMap::new();
        for info in self.store.list_namespaces().await.unwrap() {
            let namespace = self.store.namespace(&info.id);
            let mut entries = BTreeMap::new();
            for key in namespace.list_page(ListOptions::default()).await.unwrap().keys {
                let options = GetOptions::default().with_metadata(true);
                let entry = namespace.read(key.name.as_borrowed(), options).await.unwrap().unwrap();
                let metadata = entry.metadata.as_ref().map(|metadata| metadata.as_str().to_owned());
                let shown = format!("{:?} {metadata:?} {:?}", entry.value.as_bytes(), entry.expires_at);
                entries.insert(key.name.into_string(), shown);
            }
            contents.insert(info.title.to_string(), entries);
        }
        contents
    }

    /// Returns the stored value of a key, read without the server.
    pub(crate) async fn stored(&self, title: &str, key: &str) -> Option<Bytes> {
        let namespace = self.store.open_namespace(title).await.unwrap();
        let entry = namespace.read(Key::new(key).unwrap(), GetOptions::default()).await.unwrap();
        entry.map(|entry| entry.value.into_bytes())
    }
}
