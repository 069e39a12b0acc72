//! Bulk writes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kv_core::{
    BulkReport, Clock, Entry, ErrorKind, Expiration, KvNamespace, KvNamespaceExt, Metadata, PutEntry,
    PutOptions,
};
use kv_testkit::ManualClock;
use serde_json::{Value as Json, json};

use crate::paused_time::on_paused_time;
use crate::received_request::ReceivedRequest;
use crate::scripted_server::{Reaction, ScriptedServer};

/// Server that applies everything.
async fn applying() -> ScriptedServer {
    ScriptedServer::new(|request| match request.line().as_str() {
        // How many were applied is not read from the body: it may be large.
        "PUT /bulk" => Reaction::result(json!({ "successful_key_count": 1, "unsuccessful_keys": [] })),
        _ => Reaction::result(json!(null)),
    })
    .await
}

/// Answer of the service if it did not apply `refused`.
fn applied(request: &ReceivedRequest, refused: &[&str]) -> Reaction {
    let count = request.json().as_array().unwrap().len() - refused.len();
    Reaction::result(json!({ "successful_key_count": count, "unsuccessful_keys": refused }))
}

fn put(key: &str, value: impl Into<Vec<u8>>) -> PutEntry {
    PutEntry::new(key, value.into()).unwrap()
}

/// Number of successes, and the index and kind of each failure.
fn outcome(report: &BulkReport) -> (usize, Vec<(usize, ErrorKind)>) {
    let failed = report.failed.iter().map(|failure| (failure.index, failure.error.kind()));
    (report.succeeded, failed.collect())
}

#[tokio::test]
async fn a_thousand_puts_are_one_request() {
    let server = applying().await;
    let entries = (0..1_000).map(|number| put(&format!("k{number}"), number.to_string()));
    let report = server.client().put_many(entries).await.unwrap();
    assert_eq!(outcome(&report), (1_000, vec![]));
    assert_eq!(server.request_lines(), ["PUT /bulk"]);
    let pairs = server.requests()[0].json();
    assert_eq!(pairs[999], json!({ "key": "k999", "value": "999" }));
    assert_eq!(pairs.as_array().unwrap().len(), 1_000);
}

#[tokio::test]
async fn entries_are_sent_unchanged() {
    let clock = ManualClock::default();
    let now = clock.now();
    let hour = Duration::from_secs(3_600);
    let carried = |time: u64| {
        let expires_at = now.saturating_add(Duration::from_secs(time));
        Expiration::of(&Entry::new(()).with_expires_at(expires_at))
    };
    let big = Metadata::parse(r#"{"z":12345678901234567890.5,"a":1e3}"#).unwrap();
    let entries = vec![
        put("\"\\\0é", "\"\\\0\u{1f600}\u{7f}"),
        put("bytes", vec![0, 255]),
        put("after", "").with_options(Expiration::after(hour).unwrap()),
        put("at", "").with_options(Expiration::at(now.saturating_add(hour), now).unwrap()),
        put("near", "").with_options(carried(59)),
        put("passed", "").with_options(carried(0)),
        put("metadata", "").with_options(PutOptions::from(big)),
    ];
    let server = applying().await;
    let client = server.builder().clock(Arc::new(clock.clone())).build().unwrap();
    assert_eq!(outcome(&client.write_many(entries).await.unwrap()), (7, vec![]));
    assert_eq!(server.request_lines(), ["PUT /bulk", "DELETE /values/passed"]);
    let requests = server.requests();
    let expected = json!([
        { "key": "\"\\\0é", "value": "\"\\\0\u{1f600}\u{7f}" },
        { "key": "bytes", "value": "AP8=", "base64": true },
        { "key": "after", "value": "", "expiration_ttl": 3_600 },
        { "key": "at", "value": "", "expiration": now.as_secs() + 3_600 },
        { "key": "near", "value": "", "expiration_ttl": 60 },
    ]);
    assert_eq!(&requests[0].json().as_array().unwrap()[..5], expected.as_array().unwrap());
    let text = String::from_utf8(requests[0].body.clone()).unwrap();
    assert!(
        text.ends_with(r#"{"key":"metadata","value":"","metadata":{"z":12345678901234567890.5,"a":1e3}}]"#),
        "{text}"
    );
}

#[tokio::test]
async fn nothing_is_no_request() {
    let server = applying().await;
    let client = server.client();
    assert_eq!(outcome(&client.write_many(Vec::new()).await.unwrap()), (0, vec![]));
    assert_eq!(outcome(&client.remove_many(Vec::new()).await.unwrap()), (0, vec![]));
    assert_eq!(server.request_lines(), [""; 0]);
}

/// Each request has 1,000 entries, or as many as the builder says.
#[tokio::test]
async fn requests_are_split_by_number() {
    let rows = [
        (None, 1_000, vec![1_000]),
        (None, 2_001, vec![1_000, 1_000, 1]),
        (Some(10_000), 10_000, vec![10_000]),
        (Some(10_000), 25_000, vec![10_000, 10_000, 5_000]),
        (Some(1), 3, vec![1, 1, 1]),
    ];
    for (size, count, sizes) in rows {
        let server = applying().await;
        let builder = server.builder();
        let builder = if let Some(size) = size { builder.bulk_size(size) } else { builder };
        let entries = (0..count).map(|number| put(&format!("{number}"), "v")).collect();
        let report = builder.build().unwrap().write_many(entries).await;
        assert_eq!(outcome(&report.unwrap()), (count, vec![]));
        let sent: Vec<_> =
            server.requests().iter().map(|request| request.json().as_array().unwrap().len()).collect();
        assert_eq!(sent, sizes);
    }
}

#[tokio::test]
async fn requests_are_split_by_size() {
    // With their commas and brackets, four pairs are 98,000,000 bytes; there is no room for the smallest
    // fifth.
    let around = r#"{"key":"0","value":""}"#.len();
    let lengths = [25_000_000, 25_000_000, 25_000_000, 23_000_000 - 4 * around - 5, 1];
    let text = kv_core::Bytes::from(vec![b'x'; 25_000_000]);
    let put = |(number, length)| PutEntry::new(format!("{number}"), text.slice(..length)).unwrap();
    let server = applying().await;
    let report = server.client().write_many((0..).zip(lengths).map(put).collect()).await.unwrap();
    assert_eq!(outcome(&report), (5, vec![]));
    let sizes: Vec<_> = server.requests().iter().map(|request| request.body.len()).collect();
    assert_eq!(sizes, [98_000_000, around + 3]);
}

/// A value that is too long as text in a bulk request is written by a request of its own, as bytes.
#[tokio::test]
async fn too_long_texts_are_written_alone() {
    let cases = [
        ("text at the limit", vec![b'x'; 26_214_400], true),
        ("bytes at the limit", vec![0xff; 19_660_800], true),
        ("bytes over it", vec![0xff; 19_660_801], false),
        ("escaped over it", vec![0; 26_214_400 / 6 + 1], false),
        ("largest", vec![0xff; 26_214_400], false),
    ];
    for (case, value, in_bulk) in cases {
        let server = applying().await;
        let report =
            server.client().write_many(vec![put("k", value.clone()), put("small", "v")]).await.unwrap();
        assert_eq!(outcome(&report), (2, vec![]), "{case}");
        let expected: &[&str] = if in_bulk { &["PUT /bulk"] } else { &["PUT /bulk", "PUT /values/k"] };
        assert_eq!(server.request_lines(), expected, "{case}");
        if !in_bulk {
            assert_eq!(server.requests()[1].body, value, "{case}");
        }
    }
}

#[tokio::test]
async fn the_last_of_equal_keys_is_sent() {
    let server = applying().await;
    let entries = vec![put("a", "1"), put("b", "1"), put("a", "2"), put("a", "3")];
    assert_eq!(outcome(&server.client().write_many(entries).await.unwrap()), (4, vec![]));
    let expected = json!([{ "key": "b", "value": "1" }, { "key": "a", "value": "3" }]);
    assert_eq!(server.requests()[0].json(), expected);
}

/// Keys that the service did not apply are retried without the others, and reported if they never succeed.
#[test]
fn unsuccessful_keys_are_retried_alone() {
    on_paused_time(async {
        let rounds = AtomicUsize::new(0);
        let server = ScriptedServer::new(move |request| match rounds.fetch_add(1, Ordering::SeqCst) {
            0 => applied(request, &["b", "c", "not one of ours"][..2]),
            _ => applied(request, &["c"]),
        })
        .await;
        let client = server.client();
        let entries = vec![put("a", "1"), put("c", "0"), put("b", "2"), put("c", "3")];
        let report = client.write_many(entries).await.unwrap();
        // The first `c` was not applied either.
        let expected = vec![(1, ErrorKind::Unavailable), (3, ErrorKind::Unavailable)];
        assert_eq!(outcome(&report), (2, expected));
        assert_eq!(report.failed[1].key.as_str(), "c");
        let sent: Vec<_> = server.requests().iter().map(|request| names(&request.json())).collect();
        assert_eq!(sent, [vec!["a", "b", "c"], vec!["b", "c"], vec!["c"], vec!["c"], vec!["c"]]);
        assert_eq!((client.usage().sent, client.usage().retried), (5, 4));
    });
}

fn names(pairs: &Json) -> Vec<String> {
    let name = |pair: &Json| pair["key"].as_str().unwrap().to_owned();
    pairs.as_array().unwrap().iter().map(name).collect()
}

/// A failed request does not affect the others.
#[tokio::test]
async fn the_items_of_a_failed_request_are_reported() {
    let server = ScriptedServer::new(|request| {
        if request.json().as_array().unwrap().len() == 1_000 {
            return Reaction::error(400, 10_012, "put: 'malformed value'");
        }
        applied(request, &[])
    })
    .await;
    let entries = (0..1_005).map(|number| put(&format!("{number:05}"), "v")).collect();
    let report = server.client().write_many(entries).await.unwrap();
    assert_eq!((report.succeeded, report.failed.len()), (5, 1_000));
    let indexes: Vec<_> = report.failed.iter().map(|failure| failure.index).collect();
    assert_eq!(indexes, (0..1_000).collect::<Vec<_>>());
    assert_eq!(report.failed[0].error.operation(), Some("write_many"));
}

#[tokio::test]
async fn too_large_requests_are_halved() {
    let server = ScriptedServer::new(|request| {
        if request.json().as_array().unwrap().len() > 3 {
            return Reaction::status(413, "<html>too large</html>");
        }
        applied(request, &[])
    })
    .await;
    let entries = (0..10).map(|number| put(&format!("{number}"), "v")).collect();
    assert_eq!(outcome(&server.client().write_many(entries).await.unwrap()), (10, vec![]));
    let sent: Vec<_> =
        server.requests().iter().map(|request| request.json().as_array().unwrap().len()).collect();
    assert_eq!(sent, [10, 5, 2, 3, 5, 2, 3]);
}
