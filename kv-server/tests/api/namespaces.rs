//! Namespaces: creating, listing, renaming, deleting.

use std::sync::Arc;

use axum::body::Body;
use kv_memory::MemoryStore;
use kv_testkit::ManualClock;
use serde_json::{Value, json};

use crate::{
    plain_store::PlainStore,
    support::server::{NAMESPACES, Server},
};

async fn create(server: &Server, title: &str) -> Value {
    server.ask("POST", NAMESPACES, json!({ "title": title }).to_string()).await.result()
}

fn titles(result: &Value) -> Vec<&str> {
    result.as_array().unwrap().iter().map(|namespace| namespace["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_namespace_is_created_renamed_and_deleted() {
    let server = Server::start().await;
    let created = create(&server, "söme/title").await;
    let id = created["id"].as_str().unwrap();
    assert_eq!(created, json!({"id": id, "title": "söme/title", "supports_url_encoding": true}));
    assert_eq!(id.len(), 32);
    let path = format!("{NAMESPACES}/{id}");
    assert_eq!(server.ask("GET", &path, Body::empty()).await.result(), created);

    // Other members are ignored.
    let body = r#"{"title":"new","jurisdiction":"eu"}"#;
    let renamed = server.ask("PUT", &path, body).await.result();
    assert_eq!(renamed, json!({"id": id, "title": "new", "supports_url_encoding": true}));
    assert_eq!(server.ask("PUT", &path, body).await.result(), renamed);
    create(&server, "söme/title").await;

    assert_eq!(server.ask("DELETE", &path, Body::empty()).await.result(), Value::Null);
    assert_eq!(server.ask("DELETE", &path, Body::empty()).await.failure(), (404, 10013));
    assert_eq!(server.ask("GET", &path, Body::empty()).await.failure(), (404, 10013));
}

#[tokio::test]
async fn a_jurisdiction_is_kept_and_shown() {
    let server = Server::start().await;
    for jurisdiction in ["eu", "fedramp", "us"] {
        let body = json!({ "title": jurisdiction, "jurisdiction": jurisdiction }).to_string();
        let created = server.ask("POST", NAMESPACES, body).await.result();
        assert_eq!(created["jurisdiction"], jurisdiction);
        let path = format!("{NAMESPACES}/{}", created["id"].as_str().unwrap());
        assert_eq!(server.ask("GET", &path, Body::empty()).await.result(), created);
        // Renaming does not change it.
        let body = json!({ "title": format!("new {jurisdiction}"), "jurisdiction": "us" }).to_string();
        assert_eq!(server.ask("PUT", &path, body).await.result()["jurisdiction"], jurisdiction);
    }
    let none = server.ask("POST", NAMESPACES, r#"{"title":"none","jurisdiction":null}"#).await.result();
    assert_eq!(none.get("jurisdiction"), None);
    let listed = server.ask("GET", &format!("{NAMESPACES}?order=title"), Body::empty()).await.result();
    let listed: Vec<_> =
        listed.as_array().unwrap().iter().map(|namespace| &namespace["jurisdiction"]).collect();
    assert_eq!(json!(listed), json!(["eu", "fedramp", "us", null]));

    for jurisdiction in ["\"EU\"", "\"de\"", "\"\"", "7", "[\"eu\"]", "true"] {
        let body = format!("{{\"title\":\"other\",\"jurisdiction\":{jurisdiction}}}");
        let response = server.ask("POST", NAMESPACES, body).await;
        assert_eq!(response.failure(), (400, 10029), "{jurisdiction}");
        assert!(response.message().contains("eu, fedramp or us"), "{}", response.message());
        assert_eq!(response.json()["errors"][0]["source"]["pointer"], "/jurisdiction");
    }
    assert_eq!(server.contents().await.len(), 4);
}

#[tokio::test]
async fn a_store_without_jurisdictions_and_with_other_ids_is_served() {
    let inner = MemoryStore::new();
    let store = Arc::new(PlainStore(inner.clone()));
    let server = Server::start_over(inner, store, ManualClock::default(), |builder| builder).await;
    let response = server.ask("POST", NAMESPACES, r#"{"title":"n","jurisdiction":"eu"}"#).await;
    assert_eq!(response.failure(), (400, 10029));
    assert!(response.message().contains("keeps no jurisdictions"), "{}", response.message());
    assert!(server.contents().await.is_empty());

    let created = create(&server, "n").await;
    let id = created["id"].as_str().unwrap();
    assert!(id.contains(|character: char| !character.is_ascii_hexdigit()), "{id}");
    let path = format!("{NAMESPACES}/{id}");
    assert_eq!(server.ask("GET", &path, Body::empty()).await.result(), created);
    server.ask("PUT", &format!("{path}/values/k"), "v").await.result();
    assert_eq!(server.ask("GET", &format!("{path}/values/k"), Body::empty()).await.body, "v");
    assert_eq!(
        server.ask("GET", &format!("{path}/values/absent"), Body::empty()).await.failure(),
        (404, 10009)
    );
    server.ask("DELETE", &path, Body::empty()).await.result();
    // An unknown id is malformed or not found, depending on its form alone.
    assert_eq!(server.ask("GET", &format!("{path}/values/k"), Body::empty()).await.failure(), (400, 10011));
    let unknown = format!("{NAMESPACES}/{}", "0".repeat(32));
    assert_eq!(server.ask("GET", &unknown, Body::empty()).await.failure(), (404, 10013));
}

#[tokio::test]
async fn a_title_is_taken_once() {
    let server = Server::start().await;
    create(&server, "a").await;
    let response = server.ask("POST", NAMESPACES, r#"{"title":"a"}"#).await;
    assert_eq!(response.failure(), (400, 10014));
    assert!(response.message().contains("a namespace with this account ID and title already exists"));
}

#[tokio::test]
async fn a_client_that_reads_pages_until_one_is_empty_sees_each_namespace_once() {
    let server = Server::start().await;
    let mut expected: Vec<_> = (0..45).map(|index| format!("title {index:02}")).collect();
    for title in &expected {
        server.namespace(title).await;
    }
    for (query, per_page) in [("", 20), ("&per_page=7", 7), ("&per_page=45", 45), ("&per_page=1000", 1000)] {
        let mut seen = Vec::new();
        for page in 1.. {
            let path = format!("{NAMESPACES}?page={page}&order=title&direction=asc{query}");
            let response = server.ask("GET", &path, Body::empty()).await;
            let result = response.result();
            let info = json!({
                "count": titles(&result).len(), "page": page, "per_page": per_page, "total_count": 45
            });
            assert_eq!(response.json()["result_info"], info);
            if titles(&result).is_empty() {
                break;
            }
            seen.extend(titles(&result).into_iter().map(str::to_owned));
        }
        assert_eq!(seen, expected, "{query}");
    }
    expected.reverse();
    for query in ["order=title&direction=desc", "order=Title&direction=DESC", "Order=TITLE&Direction=Desc"] {
        let path = format!("{NAMESPACES}?per_page=100&{query}");
        assert_eq!(titles(&server.ask("GET", &path, Body::empty()).await.result()), expected, "{query}");
    }

    let by_id = server.ask("GET", &format!("{NAMESPACES}?per_page=100"), Body::empty()).await.result();
    let ids: Vec<_> =
        by_id.as_array().unwrap().iter().map(|namespace| namespace["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted());
    let far = format!("{NAMESPACES}?page={}&per_page=1000", usize::MAX);
    assert_eq!(server.ask("GET", &far, Body::empty()).await.result(), json!([]));
}
