//! Cost of titles that no namespace has.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;

use axum::body::Body;
use kv_core::{KvNamespace, KvStore, NamespaceId, NamespaceInfo, NamespaceTitle, Result, async_trait};
use kv_memory::MemoryStore;
use kv_testkit::ManualClock;
use tokio::sync::Semaphore;

use crate::{
    client::{Answer, send},
    harness::{NAMESPACES, Server, TOKEN},
};

/// A store that counts the listings of its namespaces, each of which takes a permit at its end.
#[derive(Debug, Clone)]
struct CountingStore {
    inner: MemoryStore,
    listings: Arc<AtomicUsize>,
    permits: Arc<Semaphore>,
}

impl CountingStore {
    fn listings(&self) -> usize {
        self.listings.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl KvStore for CountingStore {
    async fn create_namespace(&self, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.inner.create_namespace(title).await
    }

    async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>> {
        self.listings.fetch_add(1, Ordering::SeqCst);
        let namespaces = self.inner.list_namespaces().await;
        self.permits.acquire().await.unwrap().forget();
        namespaces
    }

    async fn namespace_info(&self, id: &NamespaceId) -> Result<NamespaceInfo> {
        self.inner.namespace_info(id).await
    }

    async fn rename_namespace(&self, id: &NamespaceId, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.inner.rename_namespace(id, title).await
    }

    async fn delete_namespace(&self, id: &NamespaceId) -> Result<()> {
        self.inner.delete_namespace(id).await
    }

    fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace> {
        self.inner.namespace(id)
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

/// A server over a store that counts, with room for that many listings.
async fn start(permits: usize) -> (Arc<Server>, CountingStore) {
    let inner = MemoryStore::new();
    let permits = Arc::new(Semaphore::new(permits));
    let store = CountingStore { inner: inner.clone(), listings: Arc::default(), permits };
    let server =
        Server::start_over(inner, Arc::new(store.clone()), ManualClock::default(), |builder| builder);
    (Arc::new(server.await), store)
}

async fn get(server: &Server, title: &str) -> Answer {
    let headers = format!("x-kv-namespace: {title}\r\nauthorization: Bearer {TOKEN}\r\n");
    send(server, "GET", "/k", &headers, &[]).await
}

const NOT_FOUND: (u16, &str) = (400, "namespace not found");
/// The namespace is there, and the key is not.
const FOUND: (u16, &str) = (404, "Not Found");

#[tokio::test]
async fn unknown_titles_cost_one_listing_per_second() {
    let (server, store) = start(Semaphore::MAX_PERMITS).await;
    for second in 1..=3 {
        for index in 0..30 {
            assert_eq!(get(&server, &format!("title {index}")).await.outcome(), NOT_FOUND);
        }
        assert_eq!(store.listings(), second);
        server.clock.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn unknown_titles_that_come_together_wait_for_one_listing() {
    let (server, store) = start(0).await;
    let requests: Vec<_> = (0..30)
        .map(|index| {
            let server = Arc::clone(&server);
            tokio::spawn(async move { get(&server, &format!("title {index}")).await.outcome().0 })
        })
        .collect();
    while store.listings() == 0 {
        tokio::task::yield_now().await;
    }
    store.permits.add_permits(1);
    for request in requests {
        assert_eq!(request.await.unwrap(), 400);
    }
    assert_eq!(store.listings(), 1);
}

#[tokio::test]
async fn what_is_created_or_renamed_through_the_server_is_found_at_once() {
    let (server, store) = start(Semaphore::MAX_PERMITS).await;
    assert_eq!(get(&server, "a").await.outcome(), NOT_FOUND);
    let created = server.ask("POST", NAMESPACES, r#"{"title":"a"}"#).await.result();
    assert_eq!(get(&server, "a").await.outcome(), FOUND);
    assert_eq!(get(&server, "b").await.outcome(), NOT_FOUND);
    let path = format!("{NAMESPACES}/{}", created["id"].as_str().unwrap());
    server.ask("PUT", &path, r#"{"title":"b"}"#).await.result();
    assert_eq!(get(&server, "b").await.outcome(), FOUND);
    server.ask("DELETE", &path, Body::empty()).await.result();
    assert_eq!(get(&server, "b").await.outcome(), NOT_FOUND);
    // What another process creates is found a second later.
    store.create_namespace(NamespaceTitle::new("c").unwrap()).await.unwrap();
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(get(&server, "c").await.outcome(), FOUND);
}

#[tokio::test]
async fn what_is_created_during_a_listing_is_found() {
    let (server, store) = start(0).await;
    let unknown = {
        let server = Arc::clone(&server);
        tokio::spawn(async move { get(&server, "unknown").await.outcome().0 })
    };
    while store.listings() == 0 {
        tokio::task::yield_now().await;
    }
    // The listing has been made, and not been taken note of.
    server.ask("POST", NAMESPACES, r#"{"title":"new"}"#).await.result();
    store.permits.add_permits(2);
    assert_eq!(unknown.await.unwrap(), 400);
    assert_eq!(get(&server, "new").await.outcome(), FOUND);
}
