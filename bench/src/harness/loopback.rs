//! kv-server on the loopback interface, for the clients that are measured.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Result;
use axum::{
    extract::Request,
    middleware::{self, Next},
    serve::ListenerExt as _,
};
use kv_core::{KvStore, NamespaceId, NamespaceTitle};
use kv_memory::MemoryStore;
use kv_server::KvServer;
use tokio::net::TcpListener;

pub(crate) const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const TOKEN: &str = "a-token-as-long-as-those-of-the-service-are";

/// A server over a memory store with one namespace, which counts its requests. Runs as long as the runtime.
#[derive(Debug, Clone)]
pub(crate) struct Loopback {
    address: SocketAddr,
    pub(crate) namespace: NamespaceId,
    requests: Arc<AtomicU64>,
}

impl Loopback {
    /// Starts a server on the current runtime.
    pub(crate) async fn start() -> Result<Self> {
        let store = MemoryStore::new();
        let namespace = store.create_namespace(NamespaceTitle::new("bench")?).await?.id;
        let server = KvServer::builder(Arc::new(store)).account_id(ACCOUNT).token(TOKEN).build()?;
        let requests = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&requests);
        let count = move |request: Request, next: Next| {
            counter.fetch_add(1, Ordering::Relaxed);
            next.run(request)
        };
        let router = server.router().layer(middleware::from_fn(count));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        // If it fails, every client is slower alike.
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap_or_default());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, namespace, requests })
    }

    /// Returns the base URL of the API.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/client/v4", self.address)
    }

    /// Returns the number of requests so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}
