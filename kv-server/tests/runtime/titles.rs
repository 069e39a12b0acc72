//! Cost of unknown titles.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use kv_core::{KvStore as _, NamespaceTitle};
use kv_memory::MemoryStore;
use kv_testkit::ManualClock;
use tokio::sync::Semaphore;

use crate::{
    client::get,
    support::{
        controlled_store::ControlledStore,
        server::{NAMESPACES, Server},
    },
};

/// Starts a server over a store that counts its listings, with this number of permits for them.
async fn start(permits: usize) -> (Arc<Server>, ControlledStore) {
    let inner = MemoryStore::new();
    let listing_permits = Arc::new(Semaphore::new(permits));
    let store = ControlledStore { listing_permits, ..ControlledStore::new(inner.clone()) };
    let server =
        Server::start_over(inner, Arc::new(store.clone()), ManualClock::default(), |builder| builder);
    (Arc::new(server.await), store)
}

const NOT_FOUND: (u16, &str) = (400, "namespace not found");
/// Response for an absent key of a namespace that exists.
const FOUND: (u16, &str) = (404, "Not Found");

#[tokio::test]
async fn unknown_titles_cost_one_listing_per_second() {
    let (server, store) = start(Semaphore::MAX_PERMITS).await;
    for second in 1..=3 {
        for index in 0..30 {
            assert_eq!(get(&server, &format!("title {index}")).await.status_line(), NOT_FOUND);
        }
        assert_eq!(store.listings(), second);
        server.clock.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn concurrent_requests_for_unknown_titles_share_one_listing() {
    let (server, store) = start(0).await;
    let requests: Vec<_> = (0..30)
        .map(|index| {
            let server = Arc::clone(&server);
            tokio::spawn(async move { get(&server, &format!("title {index}")).await.status_line().0 })
        })
        .collect();
    while store.listings() == 0 {
        tokio::task::yield_now().await;
    }
    store.listing_permits.add_permits(1);
    for request in requests {
        assert_eq!(request.await.unwrap(), 400);
    }
    assert_eq!(store.listings(), 1);
}

#[tokio::test]
async fn a_namespace_that_the_server_creates_or_renames_is_found_at_once() {
    let (server, store) = start(Semaphore::MAX_PERMITS).await;
    assert_eq!(get(&server, "a").await.status_line(), NOT_FOUND);
    let created = server.ask("POST", NAMESPACES, r#"{"title":"a"}"#).await.result();
    assert_eq!(get(&server, "a").await.status_line(), FOUND);
    assert_eq!(get(&server, "b").await.status_line(), NOT_FOUND);
    let path = format!("{NAMESPACES}/{}", created["id"].as_str().unwrap());
    server.ask("PUT", &path, r#"{"title":"b"}"#).await.result();
    assert_eq!(get(&server, "b").await.status_line(), FOUND);
    server.ask("DELETE", &path, Body::empty()).await.result();
    assert_eq!(get(&server, "b").await.status_line(), NOT_FOUND);
    // One that another process creates is found a second later.
    store.create_namespace(NamespaceTitle::new("c").unwrap()).await.unwrap();
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(get(&server, "c").await.status_line(), FOUND);
}

#[tokio::test]
async fn a_namespace_that_is_created_during_a_listing_is_found() {
    let (server, store) = start(0).await;
    let unknown = {
        let server = Arc::clone(&server);
        tokio::spawn(async move { get(&server, "unknown").await.status_line().0 })
    };
    while store.listings() == 0 {
        tokio::task::yield_now().await;
    }
    // The store has listed its namespaces, and the server has not seen the result.
    server.ask("POST", NAMESPACES, r#"{"title":"new"}"#).await.result();
    store.listing_permits.add_permits(2);
    assert_eq!(unknown.await.unwrap(), 400);
    assert_eq!(get(&server, "new").await.status_line(), FOUND);
}
