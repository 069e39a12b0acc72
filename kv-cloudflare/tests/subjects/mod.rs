//! Subjects of the suites `conformance`, `history` and `model`: clients of a kv-server behind a real socket.
#![allow(clippy::unwrap_used, reason = "a factory fails by panicking")]

use std::sync::Arc;

use futures_util::future::FutureExt;
use kv_cloudflare::{Budget, CloudflareAccount};
use kv_core::{KvNamespace, KvStore, NamespaceTitle};
use kv_memory::MemoryStore;
use kv_redb::RedbStore;
use kv_server::KvServer;
use kv_testkit::{ManualClock, Subject};
use tokio::{net::TcpListener, task::JoinHandle};

/// Token of every kind of character that a header may hold.
const TOKEN: &str = "v1.0-token_~+/=";

/// Running server, which ends with its subject.
struct Server(JoinHandle<()>);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Wrapper of the client; also takes the namespace behind the server and the clock.
pub(crate) type Wrap = fn(Arc<dyn KvNamespace>, Arc<dyn KvNamespace>, ManualClock) -> Arc<dyn KvNamespace>;

/// Returns a subject over kv-memory.
pub(crate) async fn memory(wrap: Wrap) -> Subject {
    let clock = ManualClock::default();
    let store = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
    over(Arc::new(store), clock, wrap).await
}

/// Returns a subject over kv-redb, in a new file.
pub(crate) async fn redb(wrap: Wrap) -> Subject {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::default();
    let builder = RedbStore::builder().clock(Arc::new(clock.clone())).sweep_interval(None);
    let store = builder.open(folder.path().join("app.kv")).await.unwrap();
    let swept = store.clone();
    let sweep = move || {
        let store = swept.clone();
        async move { assert!(store.sweep(usize::MAX).await.is_ok()) }.boxed()
    };
    over(Arc::new(store), clock, wrap).await.with_sweep(sweep).with_guard(folder)
}

async fn over(store: Arc<dyn KvStore>, clock: ManualClock, wrap: Wrap) -> Subject {
    let server = KvServer::builder(Arc::clone(&store)).clock(Arc::new(clock.clone())).token(TOKEN);
    let server = server.build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/client/v4", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { server.serve(listener, std::future::pending()).await.unwrap() });
    let account = CloudflareAccount::builder()
        .account_id(KvServer::DEFAULT_ACCOUNT_ID)
        .api_token(TOKEN)
        .base_url(base_url)
        .budget(Budget::unlimited())
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    let info = account.create_namespace(NamespaceTitle::new("conformance").unwrap()).await.unwrap();
    Subject::new(wrap(account.namespace(&info.id), store.namespace(&info.id), clock.clone()))
        .with_clock(clock)
        .with_store(Arc::new(account))
        .with_guard(Server(serving))
}
