//! Bulk calls.

use axum::body::Body;
use kv_core::prelude::*;
use serde_json::{Value, json};

use crate::support::server::Server;

/// Returns the result of a bulk call in which `count` keys succeeded and none failed.
fn succeeded(count: usize) -> Value {
    json!({ "successful_key_count": count, "unsuccessful_keys": [] })
}

#[tokio::test]
async fn pairs_are_written_with_their_options() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let bulk = format!("{namespace}/bulk");
    let pairs = r#"[
        {"key":"text","value":"é\u0000\n"},
        {"key":"bytes","value":"/wD/","base64":true},
        {"key":"unpadded","value":"aGk","base64":true},
        {"key":"spaced","value":" aG\nk= ","base64":true},
        {"key":"not base64","value":"aGk","base64":false},
        {"key":"meta","value":"1","metadata":{"b":1.0, "a":2}},
        {"key":"no meta","value":"1","metadata":null},
        {"key":"ttl","value":"1","expiration_ttl":60,"expiration":5},
        {"key":"at","value":"1","expiration":1700000060,"expiration_ttl":null},
        {"key":"fraction","value":"1","expiration":1700000060.0},
        {"key":"last","value":"1","expiration":253402300800},
        {"key":"last ttl","value":"1","expiration_ttl":1e400},
        {"key":"text","value":"é\u0000\n","unknown":[[{"a":1}]]}
    ]"#;
    assert_eq!(server.ask("PUT", &bulk, pairs).await.result(), succeeded(12));
    let table: [(&str, &[u8]); 5] = [
        ("text", "é\0\n".as_bytes()),
        ("bytes", b"\xff\0\xff"),
        ("unpadded", b"hi"),
        ("spaced", b"hi"),
        ("not base64", b"aGk"),
    ];
    for (key, value) in table {
        assert_eq!(server.stored("n", key).await.unwrap(), value, "{key}");
    }
    let keys = server.ask("GET", &format!("{namespace}/keys"), Body::empty()).await;
    let text = std::str::from_utf8(&keys.body).unwrap();
    for shown in [
        r#"{"name":"at","expiration":1700000060}"#,
        r#"{"name":"ttl","expiration":1700000060}"#,
        r#"{"name":"fraction","expiration":1700000060}"#,
        r#"{"name":"last","expiration":253402300799}"#,
        r#"{"name":"last ttl","expiration":253402300799}"#,
        r#"{"name":"meta","metadata":{"b":1.0,"a":2}}"#,
        r#"{"name":"no meta"}"#,
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert_eq!(server.ask("PUT", &bulk, "[]").await.result(), succeeded(0));
}

#[tokio::test]
async fn the_most_keys_allowed_are_written_and_deleted() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let names: Vec<_> = (0..10_000).map(|index| format!("key {index:05}")).collect();
    let pairs: Vec<_> = names.iter().map(|name| json!({ "key": name, "value": name })).collect();
    let bulk = format!("{namespace}/bulk");
    assert_eq!(server.ask("PUT", &bulk, json!(pairs).to_string()).await.result(), succeeded(10_000));
    assert_eq!(server.stored("n", "key 09999").await.unwrap(), "key 09999");

    let (first, second) = names.split_at(5_000);
    let deleted = server.ask("POST", &format!("{namespace}/bulk/delete"), json!(first).to_string()).await;
    assert_eq!(deleted.result(), succeeded(5_000));
    let deleted = server.ask("DELETE", &bulk, json!(second).to_string()).await;
    assert_eq!(deleted.result(), succeeded(5_000));
    // Absent keys count, and a key that is given twice counts once.
    assert_eq!(server.ask("DELETE", &bulk, json!(first).to_string()).await.result(), succeeded(5_000));
    assert_eq!(server.ask("DELETE", &bulk, r#"["a","b","a"]"#).await.result(), succeeded(2));
    assert_eq!(server.contents().await["n"].len(), 0);
    assert_eq!(server.ask("POST", &format!("{namespace}/bulk/delete"), "[]").await.result(), succeeded(0));
}

#[tokio::test]
async fn values_are_read_as_text_or_json_with_or_without_metadata() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let kv = server.store.open_namespace("n").await.unwrap();
    for (key, value) in [("42", "[1, 2]"), ("__proto__", "{\"b\":1.0}"), ("a/b", "true")] {
        kv.put(key, value).await.unwrap();
    }
    kv.put("bytes", b"a\xff\xfeb").await.unwrap();
    let pair =
        r#"[{"key":"m","value":"1","expiration_ttl":60,"metadata":{"z":1.0,"a":12345678901234567890}}]"#;
    server.ask("PUT", &format!("{namespace}/bulk"), pair).await.result();
    let get = async |body: &str| {
        let response = server.ask("POST", &format!("{namespace}/bulk/get"), body.to_owned()).await;
        response.result();
        let text = std::str::from_utf8(&response.body).unwrap();
        let start = text.find(r#"{"values""#).unwrap();
        text[start..text.len() - 1].to_owned()
    };
    let table = [
        (
            r#"{"keys":["42","__proto__","absent","42"]}"#,
            r#"{"values":{"42":"[1, 2]","__proto__":"{\"b\":1.0}","absent":null}}"#,
        ),
        (
            r#"{"keys":["__proto__","42","absent"],"type":"json"}"#,
            r#"{"values":{"__proto__":{"b":1.0},"42":[1, 2],"absent":null}}"#,
        ),
        (r#"{"keys":["bytes"],"type":"text"}"#, r#"{"values":{"bytes":"a��b"}}"#),
        (
            r#"{"keys":["m","a/b","absent"],"withMetadata":true}"#,
            r#"{"values":{"m":{"value":"1","metadata":{"z":1.0,"a":12345678901234567890},"expiration":1700000060},"a/b":{"value":"true","metadata":null},"absent":null}}"#,
        ),
        (
            r#"{"keys":["a/b"],"type":"JSON","withMetadata":true}"#,
            r#"{"values":{"a/b":{"value":true,"metadata":null}}}"#,
        ),
        (r#"{"keys":["m"],"withMetadata":false,"type":null}"#, r#"{"values":{"m":"1"}}"#),
    ];
    for (body, values) in table {
        assert_eq!(get(body).await, values, "{body}");
    }
}

#[tokio::test]
async fn a_response_holds_at_most_25_mib_of_values() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let kv = server.store.open_namespace("n").await.unwrap();
    let tenth = vec![b'x'; 2_621_440];
    for index in 0..10 {
        kv.put(index.to_string(), &tenth).await.unwrap();
    }
    kv.put("one more", "x").await.unwrap();
    let path = format!("{namespace}/bulk/get");
    let mut keys: Vec<_> = (0..10).map(|index| index.to_string()).collect();
    let most = server.ask("POST", &path, json!({ "keys": keys }).to_string()).await;
    assert_eq!(most.result()["values"]["9"].as_str().unwrap().len(), tenth.len());
    keys.push("one more".to_owned());
    let over = server.ask("POST", &path, json!({ "keys": keys }).to_string()).await;
    assert_eq!(over.failure(), (413, 10024));
    assert_eq!(over.message(), "bulk get keys: 'Total size of request exceeds the limit of 25MB'");
}

#[tokio::test]
async fn the_deepest_metadata_comes_back() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let metadata = format!("{}{}", "[".repeat(512), "]".repeat(512));
    let pair = format!(r#"[{{"key":"k","value":"1","metadata":{metadata}}}]"#);
    server.ask("PUT", &format!("{namespace}/bulk"), pair).await;
    let body = r#"{"keys":["k"],"withMetadata":true}"#;
    for (method, path, body) in
        [("GET", "/metadata/k", ""), ("GET", "/keys", ""), ("POST", "/bulk/get", body)]
    {
        let response = server.ask(method, &format!("{namespace}{path}"), body).await;
        let text = std::str::from_utf8(&response.body).unwrap();
        assert!(response.status == 200 && text.contains(&metadata), "{method} {path}: {text}");
    }
}
