//! Listings and their pages.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use futures_util::TryStreamExt;
use kv_core::{Cursor, ErrorKind, KvNamespace, KvNamespaceExt, ListOptions, Prefix};
use serde_json::{Value as Json, json};

use crate::received_request::ReceivedRequest;
use crate::scripted_server::{Reaction, ScriptedServer};

/// Returns the value of one parameter of the query.
fn parameter(request: &ReceivedRequest, name: &str) -> Option<String> {
    let url = reqwest::Url::parse(&format!("http://host{}", request.target)).unwrap();
    url.query_pairs().find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
}

type Keys = Arc<Mutex<BTreeSet<String>>>;

/// Server that lists `keys` as the service does, at least ten per page; its cursor is the last key of a page.
/// With `gaps`, every other page is empty.
async fn listing(keys: Keys, gaps: bool) -> ScriptedServer {
    ScriptedServer::new(move |request| {
        let limit: usize = parameter(request, "limit").unwrap().parse().unwrap();
        assert!((10..=1_000).contains(&limit), "the service gives 10 to 1,000 keys");
        let prefix = parameter(request, "prefix").unwrap_or_default();
        let cursor = parameter(request, "cursor").unwrap_or_default();
        let (start, gap) =
            cursor.strip_prefix("gap:").map_or((cursor.as_str(), false), |cursor| (cursor, true));
        if gaps && !gap {
            return page(&[], &format!("gap:{start}"));
        }
        let keys = keys.lock().unwrap();
        let matching = keys.iter().filter(|key| key.starts_with(&prefix) && key.as_str() > start);
        let listed: Vec<_> = matching.take(limit + 1).cloned().collect();
        let more = listed.len() > limit;
        let listed = &listed[..listed.len().min(limit)];
        page(listed, if more { listed.last().unwrap() } else { "" })
    })
    .await
}

fn page(names: &[String], cursor: &str) -> Reaction {
    let keys: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
    answer(&json!(keys), cursor)
}

fn answer(keys: &Json, cursor: &str) -> Reaction {
    let info = json!({ "count": keys.as_array().unwrap().len(), "cursor": cursor });
    Reaction::envelope(200, json!({ "success": true, "errors": [], "result": keys, "result_info": info }))
}

fn keys(count: usize) -> Keys {
    Arc::new(Mutex::new((0..count).map(|number| format!("k{number:04}")).collect()))
}

#[tokio::test]
async fn the_query_holds_limit_and_prefix() {
    let server = listing(keys(0), false).await;
    let client = server.client();
    client.list_page(ListOptions::default()).await.unwrap();
    let prefix = Prefix::new("a/ b+&é").unwrap();
    client.list_page(ListOptions::from(prefix).with_limit(11).unwrap()).await.unwrap();
    assert_eq!(
        server.request_lines(),
        ["GET /keys?limit=1000", "GET /keys?limit=11&prefix=a%2F%20b%2B%26%C3%A9"]
    );
}

#[tokio::test]
async fn every_limit_gives_every_key_once() {
    for gaps in [false, true] {
        for (count, limit) in [(0, 1), (1, 1), (10, 1), (11, 3), (25, 9), (25, 10), (25, 12), (1_001, 1_000)]
        {
            let server = listing(keys(count), gaps).await;
            let options = ListOptions::default().with_limit(limit).unwrap();
            let client = server.client();
            let mut page = client.list_page(options.clone()).await.unwrap();
            let mut listed = Vec::new();
            loop {
                assert!(page.keys.len() <= limit);
                assert!(!page.keys.is_empty() || page.next.is_none(), "empty pages are hidden");
                listed.extend(page.keys.into_iter().map(|key| key.name.into_string()));
                assert!(listed.len() <= count, "a key came twice: {listed:?}");
                let Some(next) = page.next else { break };
                page = client.list_page(options.clone().with_cursor(next)).await.unwrap();
            }
            let expected: Vec<_> = keys(count).lock().unwrap().iter().cloned().collect();
            assert_eq!(listed, expected, "{count} keys, {limit} a page, gaps: {gaps}");
        }
    }
}

/// Keys that appear or disappear between small pages neither hide nor repeat another key.
#[tokio::test]
async fn small_pages_are_stable_under_changes() {
    let held = keys(30);
    let server = listing(Arc::clone(&held), false).await;
    let client = server.client();
    let options = ListOptions::default().with_limit(3).unwrap();
    let first = client.list_page(options.clone()).await.unwrap();
    {
        let mut held = held.lock().unwrap();
        held.remove("k0000");
        held.remove("k0002");
        held.extend((0..12).map(|number| format!("a{number}")));
    }
    let mut names: Vec<_> = first.keys.iter().map(|key| key.name.to_string()).collect();
    let mut next = first.next;
    while let Some(cursor) = next {
        let page = client.list_page(options.clone().with_cursor(cursor)).await.unwrap();
        names.extend(page.keys.iter().map(|key| key.name.to_string()));
        assert!(names.len() <= 30, "a key came twice: {names:?}");
        next = page.next;
    }
    let expected: Vec<_> = (0..30).map(|number| format!("k{number:04}")).collect();
    assert_eq!(names, expected);
}

/// A service that answers nothing but empty pages does not hold a call forever; the caller gets an empty page
/// and a cursor.
#[tokio::test]
async fn endless_empty_pages_do_not_hold_a_call() {
    let server = ScriptedServer::in_order(vec![answer(&json!([]), "more")]).await;
    let page = server.client().list_page(ListOptions::default()).await.unwrap();
    assert!(page.keys.is_empty() && page.next.is_some());
    assert!((2..=20).contains(&server.requests().len()));
}

#[tokio::test]
async fn metadata_and_expiries_are_listed_exactly() {
    let body = r#"{"success":true,"result":[{"name":"a","expiration":1700000060,"metadata":{"z": 1e3,"a":"é"}},
                   {"name":"b","metadata":null},{"name":"c","metadata":0}],"result_info":{"count":3,"cursor":""}}"#;
    let server = ScriptedServer::in_order(vec![Reaction::status(200, body)]).await;
    let listed: Vec<_> = server.client().list("").try_collect().await.unwrap();
    let told: Vec<_> = listed
        .iter()
        .map(|key| {
            let metadata = key.metadata.as_ref().map(kv_core::Metadata::as_str);
            (key.name.as_str(), key.expires_at.map(kv_core::Timestamp::as_secs), metadata)
        })
        .collect();
    let expected =
        [("a", Some(1_700_000_060), Some(r#"{"z":1e3,"a":"é"}"#)), ("b", None, None), ("c", None, Some("0"))];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn invalid_keys_in_a_listing_are_errors() {
    let long = "x".repeat(513);
    let rows = [
        json!({ "name": "." }),
        json!({ "name": long }),
        json!({ "name": "" }),
        json!({ "name": "a", "expiration": 253_402_300_800_u64 }),
        json!({ "name": "a", "metadata": "x".repeat(1_023) }),
    ];
    for key in rows {
        let server = ScriptedServer::in_order(vec![answer(&json!([key]), "")]).await;
        let error = server.client().list_page(ListOptions::default()).await.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Other, Some("list_page")));
    }
}

#[tokio::test]
async fn forged_cursors_are_refused() {
    let server =
        ScriptedServer::in_order(vec![Reaction::error(400, 10_041, "list keys: 'invalid cursor'")]).await;
    let client = server.client();
    for (token, requests) in [("nonsense", 0), ("", 0), ("3:ab", 0), ("2:ab", 1)] {
        let before = server.requests().len();
        let options = ListOptions::default().with_cursor(Cursor::issue(&Prefix::default(), token));
        let error = client.list_page(options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{token:?}");
        assert_eq!(server.requests().len() - before, requests, "{token:?}");
    }
}
