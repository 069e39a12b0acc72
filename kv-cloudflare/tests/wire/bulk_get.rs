//! Reads of many keys.

use std::{collections::BTreeMap, sync::Arc};

use kv_core::{Entry, ErrorKind, GetOptions, Key, KvNamespace, KvNamespaceExt, Metadata, Timestamp, Value};
use serde_json::{Map, Value as Json, json};

use crate::received_request::ReceivedRequest;
use crate::scripted_server::{Reaction, ScriptedServer};

/// Options of a caller that says the values are text.
fn text() -> GetOptions {
    GetOptions::default().with_text(true)
}

/// Options of a caller that says nothing about the values.
fn bytes() -> GetOptions {
    GetOptions::default()
}

fn keys(names: &[&str]) -> Vec<Key<'static>> {
    names.iter().map(|name| Key::new((*name).to_owned()).unwrap()).collect()
}

fn requested_keys(request: &ReceivedRequest) -> Vec<String> {
    serde_json::from_value(request.json()["keys"].clone()).unwrap()
}

/// Server with these values: texts in bulk, bytes by single requests. `most` keys fit into an answer.
async fn holding(values: BTreeMap<String, Vec<u8>>, most: usize) -> ScriptedServer {
    ScriptedServer::new(move |request| {
        if request.line() == "POST /bulk/get" {
            let keys = requested_keys(request);
            if keys.len() > most {
                return Reaction::error(413, 10_024, "bulk get keys: 'too large'");
            }
            let text_of =
                |value: &Vec<u8>| json!({ "value": String::from_utf8_lossy(value), "metadata": null });
            let found = |key: &String| values.get(key).map_or(Json::Null, text_of);
            let found: Map<_, _> = keys.iter().map(|key| (key.clone(), found(key))).collect();
            return Reaction::result(json!({ "values": found }));
        }
        let line = request.line();
        let key = line.strip_prefix("GET /values/").unwrap_or_else(|| panic!("{line}"));
        values.get(key).map_or_else(Reaction::absent, |value| Reaction::value(value.clone()))
    })
    .await
}

fn values(of: impl IntoIterator<Item = (String, Vec<u8>)>) -> BTreeMap<String, Vec<u8>> {
    of.into_iter().collect()
}

fn found(entries: &[Option<Entry>]) -> Vec<Option<&[u8]>> {
    entries.iter().map(|entry| entry.as_ref().map(|entry| &entry.value[..])).collect()
}

#[tokio::test]
async fn a_thousand_reads_are_ten_requests() {
    let names: Vec<_> = (0..1_000).map(|number| format!("user:{number}")).collect();
    let records =
        names.iter().enumerate().map(|(number, name)| (name.clone(), number.to_string().into_bytes()));
    let server = holding(values(records), 100).await;
    let client = server.client();
    let users = Arc::new(client.clone()).typed::<u32>().with_prefix("user:").unwrap();
    let ids: Vec<_> = (0..1_000).map(|number| number.to_string()).collect();
    let read = users.get_many(&ids).await.unwrap();
    let expected: Vec<_> = (0..1_000).map(Some).collect();
    assert_eq!(read, expected);
    assert_eq!(server.request_lines(), ["POST /bulk/get"; 10]);
    for request in server.requests() {
        let query = request.json();
        assert_eq!((query["type"].as_str(), query["withMetadata"].as_bool()), (Some("text"), Some(true)));
        assert_eq!(requested_keys(&request).len(), 100);
    }
    assert_eq!(client.usage().sent, 10);
}

#[tokio::test]
async fn no_key_is_no_request() {
    let server = holding(BTreeMap::new(), 100).await;
    for options in [text(), bytes(), text().with_metadata(true)] {
        assert!(server.client().read_many(Vec::new(), options).await.unwrap().is_empty());
    }
    assert_eq!(server.request_lines(), [""; 0]);
}

#[tokio::test]
async fn equal_keys_are_requested_once() {
    let server = holding(values([("a".to_owned(), b"1".to_vec())]), 100).await;
    let repeated = keys(&["b", "a", "b", "a", "a"]);
    for options in [text(), bytes()] {
        let entries = server.client().read_many(repeated.clone(), options).await.unwrap();
        let one = Some(&b"1"[..]);
        assert_eq!(found(&entries), [None, one, None, one, one]);
    }
    let mut lines = server.request_lines();
    lines.sort();
    assert_eq!(lines, ["GET /values/a", "GET /values/b", "POST /bulk/get"]);
    let bulk = server.requests().into_iter().find(|request| request.method == "POST").unwrap();
    assert_eq!(requested_keys(&bulk), ["b", "a"]);
}

/// A value that text may not hold exactly is read again by a single request; no byte is lost.
#[tokio::test]
async fn values_that_are_not_text_come_back_whole() {
    let held = [
        ("bytes", &b"\xff\xfe\x00"[..]),
        ("replacement", "a\u{fffd}".as_bytes()),
        ("bom", b"\xef\xbb\xbfx"),
        ("text", b"plain"),
        ("empty", b""),
    ];
    let server =
        holding(values(held.iter().map(|(key, value)| ((*key).to_owned(), value.to_vec()))), 100).await;
    let names: Vec<_> = held.iter().map(|(key, _)| *key).collect();
    let entries = server.client().read_many(keys(&names), text()).await.unwrap();
    let expected: Vec<_> = held.iter().map(|(_, value)| Some(*value)).collect();
    assert_eq!(found(&entries), expected);
    let mut lines = server.request_lines();
    lines.sort();
    assert_eq!(lines, ["GET /values/bytes", "GET /values/replacement", "POST /bulk/get"]);
}

#[tokio::test]
async fn a_key_missing_in_the_answer_is_read_alone() {
    let server = ScriptedServer::new(|request| match request.line().as_str() {
        "POST /bulk/get" => Reaction::result(json!({ "values": { "a": null } })),
        "GET /values/0" => Reaction::value("zero"),
        other => panic!("{other}"),
    })
    .await;
    let entries = server.client().read_many(keys(&["0", "a"]), text()).await.unwrap();
    assert_eq!(found(&entries), [Some(&b"zero"[..]), None]);
}

#[tokio::test]
async fn metadata_and_expiries_come_with_texts() {
    let body = r#"{"success":true,"result":{"values":{"a":{"value":"1","metadata":{"z":1e3,"a": 2},"expiration":1700000060}}}}"#;
    for (options, metadata) in [(text(), None), (text().with_metadata(true), Some(r#"{"z":1e3,"a":2}"#))] {
        let server = ScriptedServer::in_order(vec![Reaction::status(200, body)]).await;
        let entries = server.client().read_many(keys(&["a"]), options).await.unwrap();
        let metadata = metadata.map(|text| Metadata::parse(text).unwrap());
        let entry = Entry::new(Value::new("1").unwrap())
            .with_metadata(metadata)
            .with_expires_at(Timestamp::from_secs(1_700_000_060).unwrap());
        assert_eq!(entries, [Some(entry)]);
        assert_eq!(server.requests().len(), 1);
    }
}

/// A request whose answer is too large is halved, down to single requests.
#[tokio::test]
async fn too_large_answers_are_halved() {
    let names: Vec<_> = (0..100).map(|number| format!("{number:02}")).collect();
    for (most, bulk, single) in [(50, 3, 0), (25, 7, 0), (10, 31, 0), (0, 199, 100)] {
        let held = names.iter().map(|name| (name.clone(), name.clone().into_bytes()));
        let server = holding(values(held), most).await;
        let keys = names.iter().map(|name| Key::new(name.clone()).unwrap()).collect();
        let entries = server.client().read_many(keys, text()).await.unwrap();
        let expected: Vec<_> = names.iter().map(|name| Some(name.as_bytes())).collect();
        assert_eq!(found(&entries), expected, "{most} fit");
        let lines = server.request_lines();
        let bulks = lines.iter().filter(|line| *line == "POST /bulk/get").count();
        assert_eq!((bulks, lines.len() - bulks), (bulk, single), "{most} fit");
    }
}

/// Without the hint, keys are read by single requests, a bounded number of them concurrently.
#[tokio::test]
async fn bytes_are_read_by_concurrent_single_requests() {
    let names: Vec<_> = (0..100).map(|number| format!("k{number}")).collect();
    let held = names.iter().map(|name| (name.clone(), vec![0xff; 3]));
    let server = holding(values(held), 100).await;
    let client = server.builder().concurrency(7).build().unwrap();
    let keys = names.iter().map(|name| Key::new(name.clone()).unwrap()).collect();
    let entries = client.read_many(keys, bytes()).await.unwrap();
    assert!(entries.iter().all(|entry| entry.as_ref().is_some_and(|entry| entry.value == [0xff; 3])));
    assert_eq!(server.requests().len(), 100);
    assert!((2..=7).contains(&server.max_concurrent()), "{} at once", server.max_concurrent());
}

/// The bound on concurrent requests holds for repeated reads too.
#[tokio::test]
async fn repeated_reads_are_bounded_too() {
    let names: Vec<_> = (0..400).map(|number| format!("k{number}")).collect();
    let server = holding(values(names.iter().map(|name| (name.clone(), vec![0xff]))), 100).await;
    let client = server.builder().concurrency(7).build().unwrap();
    let keys = names.iter().map(|name| Key::new(name.clone()).unwrap()).collect();
    let entries = client.read_many(keys, text()).await.unwrap();
    assert!(entries.iter().all(|entry| entry.as_ref().is_some_and(|entry| entry.value == [0xff])));
    assert_eq!(server.requests().len(), 404);
    assert!((2..=7).contains(&server.max_concurrent()), "{} at once", server.max_concurrent());
}

#[tokio::test]
async fn one_failure_fails_the_call() {
    for options in [text(), bytes()] {
        let server =
            ScriptedServer::in_order(vec![Reaction::error(403, 10_000, "Authentication error")]).await;
        let error = server.client().read_many(keys(&["a", "b"]), options).await.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Unauthorized, Some("read_many")));
    }
}
