//! Listing of keys.

use axum::body::Body;
use kv_core::{Metadata, prelude::*};
use serde_json::{Value, json};

use crate::support::server::Server;

fn names(result: &Value) -> Vec<String> {
    result.as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_end_with_an_empty_cursor_and_hold_each_key_once() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let kv = server.store.open_namespace("n").await.unwrap();
    let mut expected = Vec::new();
    for index in 0..37 {
        let key = format!("a b+c/{index:02}&=%é");
        kv.put(&*key, "1").await.unwrap();
        expected.push(key);
    }
    kv.put("zz", "1").await.unwrap();
    for limit in [1, 9, 10, 36, 37, 38, 1000] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            // Form encoding: `+` is a space, and a plus sign is escaped.
            let path = format!("{namespace}/keys?prefix=a+b%2Bc%2F&limit={limit}&cursor={cursor}");
            let response = server.ask("GET", &path, Body::empty()).await;
            let keys = names(&response.result());
            let info = &response.json()["result_info"];
            assert_eq!(info["count"], keys.len());
            seen.extend(keys);
            cursor = info["cursor"].as_str().unwrap().to_owned();
            if cursor.is_empty() {
                break;
            }
        }
        assert_eq!(seen, expected, "{limit}");
    }
    let all = server.ask("GET", &format!("{namespace}/keys?prefix=&cursor="), Body::empty()).await;
    assert_eq!(names(&all.result()).len(), 38);
}

#[tokio::test]
async fn a_cursor_is_refused_with_another_prefix() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let kv = server.store.open_namespace("n").await.unwrap();
    for index in 0..11 {
        kv.put(format!("a{index}"), "1").await.unwrap();
    }
    let first = server.ask("GET", &format!("{namespace}/keys?prefix=a&limit=10"), Body::empty()).await.json();
    let cursor = first["result_info"]["cursor"].as_str().unwrap();
    let other = format!("{namespace}/keys?prefix=b&limit=10&cursor={cursor}");
    assert_eq!(server.ask("GET", &other, Body::empty()).await.failure(), (400, 10041));
}

#[tokio::test]
async fn a_key_is_listed_with_its_expiry_and_its_unchanged_metadata() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let kv = server.store.open_namespace("n").await.unwrap();
    let metadata = r#"{"z":12345678901234567890.10,"a":"é\u00e9","n":[1e-7,-0]}"#;
    kv.put_with("m", "1", Metadata::parse(metadata).unwrap()).await.unwrap();
    kv.put("plain", "1").await.unwrap();
    server.ask("PUT", &format!("{namespace}/values/t?expiration_ttl=60"), "1").await.result();

    let response = server.ask("GET", &format!("{namespace}/keys"), Body::empty()).await;
    let text = std::str::from_utf8(&response.body).unwrap();
    assert!(text.contains(&format!(r#"{{"name":"m","metadata":{metadata}}},{{"name":"plain"}}"#)), "{text}");
    assert!(text.contains(r#"{"name":"t","expiration":1700000060}"#), "{text}");

    server.clock.advance(std::time::Duration::from_secs(60));
    let later = server.ask("GET", &format!("{namespace}/keys"), Body::empty()).await;
    assert_eq!(names(&later.result()), ["m", "plain"]);
}

#[tokio::test]
async fn a_page_with_long_names_and_metadata_is_complete() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let kv = server.store.open_namespace("n").await.unwrap();
    let metadata = Metadata::new(&"m".repeat(1000)).unwrap();
    for index in 0..1000 {
        kv.put_with(format!("{index:0500}"), "1", metadata.clone()).await.unwrap();
    }
    let response = server.ask("GET", &format!("{namespace}/keys"), Body::empty()).await;
    let result = response.result();
    assert_eq!(names(&result).len(), 1000);
    assert_eq!(result[999]["metadata"], json!("m".repeat(1000)));
}
