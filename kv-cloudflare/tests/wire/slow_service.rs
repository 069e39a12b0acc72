//! Bulk calls and listings on a service that is too slow for their size.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::TryStreamExt;
use kv_cloudflare::CloudflareNamespace;
use kv_core::{
    BulkReport, Error, ErrorKind, GetOptions, Key, KvNamespace, KvNamespaceExt, ListOptions, PutEntry,
};
use serde_json::{Map, Value as Json, json};
use tokio::time::Instant;

use crate::paused_time::{on_paused_time, together};
use crate::received_request::ReceivedRequest;
use crate::scripted_server::{Reaction, ScriptedServer};

/// Longest time of a call: its total time, and one step of the paused time.
const TOTAL: Duration = Duration::from_millis(120_100);

/// Returns the answers that mean a timeout. The client itself ends the silence.
fn slow_answers() -> [(&'static str, Reaction); 4] {
    [
        ("524", Reaction::status(524, "<html>a timeout occurred</html>")),
        ("504", Reaction::status(504, "<html>gateway timeout</html>")),
        ("408", Reaction::status(408, "")),
        ("silence", Reaction::Hang(Vec::new())),
    ]
}

#[derive(Debug, Clone, Copy)]
enum Call {
    Write,
    Remove,
    Read,
}

const CALLS: [Call; 3] = [Call::Write, Call::Remove, Call::Read];

fn keys(count: usize) -> Vec<Key<'static>> {
    (0..count).map(|number| Key::new(format!("k{number}")).unwrap()).collect()
}

impl Call {
    /// Makes the call. Returns the number of items that succeeded and the first error.
    async fn make(self, kv: &CloudflareNamespace, count: usize) -> (usize, Option<Error>) {
        let told = |report: BulkReport| {
            assert_eq!(report.succeeded + report.failed.len(), count, "each item is reported");
            (report.succeeded, report.failed.into_iter().next().map(|failure| failure.error))
        };
        match self {
            Self::Write => {
                let entries = keys(count).into_iter().map(|key| PutEntry::new(key, "v").unwrap());
                told(kv.write_many(entries.collect()).await.unwrap())
            }
            Self::Remove => told(kv.remove_many(keys(count)).await.unwrap()),
            Self::Read => match kv.read_many(keys(count), GetOptions::default().with_text(true)).await {
                Ok(entries) => {
                    let expected = keys(count);
                    let values = entries.iter().map(|entry| &entry.as_ref().unwrap().value[..]);
                    assert!(values.eq(expected.iter().map(|key| key.as_str().as_bytes())));
                    (entries.len(), None)
                }
                Err(error) => (0, Some(error)),
            },
        }
    }
}

/// Returns the keys of a bulk request.
fn requested_keys(request: &ReceivedRequest) -> Vec<String> {
    let json = request.json();
    let items = json.as_array().or_else(|| json["keys"].as_array()).unwrap();
    let key = |item: &Json| item.as_str().or_else(|| item["key"].as_str()).unwrap().to_owned();
    items.iter().map(key).collect()
}

/// Server that answers `late` to requests of more than `most` items, and serves the others. A value is its
/// key.
async fn fast_enough_for(most: usize, late: Reaction) -> ScriptedServer {
    ScriptedServer::new(move |request| {
        let keys = requested_keys(request);
        if keys.len() > most {
            return late.clone();
        }
        if request.line() == "POST /bulk/get" {
            let values = keys.into_iter().map(|key| (key.clone(), json!({ "value": key })));
            return Reaction::result(json!({ "values": values.collect::<Map<_, _>>() }));
        }
        Reaction::result(json!({ "successful_key_count": keys.len(), "unsuccessful_keys": [] }))
    })
    .await
}

fn sizes(server: &ScriptedServer) -> Vec<usize> {
    server.requests().iter().map(|request| requested_keys(request).len()).collect()
}

/// The size is halved until the service is fast enough, and then kept for the rest of the call.
#[test]
fn slow_requests_are_halved() {
    on_paused_time(async {
        let cases = slow_answers().into_iter().flat_map(|late| CALLS.map(|call| (late.clone(), call)));
        together(cases.map(async |((name, late), call)| {
            let server = fast_enough_for(30, late).await;
            let client = server.client();
            assert!(matches!(call.make(&client, 100).await, (100, None)), "{name}, {call:?}");
            assert_eq!(sizes(&server), [100, 50, 25, 25, 25, 25], "{name}, {call:?}");
            assert_eq!(client.usage().sent, 6);
            assert!(client.usage().retried >= 2);
        }))
        .await;
    });
}

/// A size that was too slow for one part of a call is not tried for the others.
#[test]
fn the_size_is_kept_for_the_rest_of_the_call() {
    on_paused_time(async {
        let server = fast_enough_for(300, Reaction::status(524, "")).await;
        assert!(matches!(Call::Write.make(&server.client(), 2_100).await, (2_100, None)));
        let expected = [1_000, 500, 250, 250, 250, 250, 250, 250, 250, 250, 100];
        assert_eq!(sizes(&server), expected);
    });
}

/// Requests that were applied and answered late are repeated in halves; every item is applied and reported.
#[test]
fn each_item_is_applied_in_the_end() {
    on_paused_time(async {
        let applied = Arc::new(Mutex::new(HashMap::<String, usize>::new()));
        let counted = Arc::clone(&applied);
        let turn = AtomicUsize::new(0);
        let server = ScriptedServer::new(move |request| {
            // Every third request is late, whatever its size, and was carried out all the same.
            let keys = requested_keys(request);
            for key in &keys {
                *counted.lock().unwrap().entry(key.clone()).or_default() += 1;
            }
            if turn.fetch_add(1, Ordering::SeqCst).is_multiple_of(3) {
                return Reaction::status(524, "");
            }
            Reaction::result(json!({ "successful_key_count": keys.len(), "unsuccessful_keys": [] }))
        })
        .await;
        assert!(matches!(Call::Write.make(&server.client(), 50).await, (50, None)));
        assert_eq!(applied.lock().unwrap().len(), 50);
    });
}

/// During an outage a bulk call makes as many requests as a single one, and ends within its total time, for
/// any number of items.
#[test]
fn an_outage_takes_no_more_requests_than_retries() {
    on_paused_time(async {
        let cases = slow_answers().into_iter().flat_map(|late| CALLS.map(|call| (late.clone(), call)));
        together(cases.map(async |((name, late), call)| {
            let is_silent = matches!(late, Reaction::Hang(_));
            let server = fast_enough_for(0, late).await;
            let start = Instant::now();
            // As many as go one after the other; parts of a bulk get go together, each for itself.
            let count = if matches!(call, Call::Read) { 100 } else { 20_000 };
            let (succeeded, error) = call.make(&server.client(), count).await;
            assert!(start.elapsed() <= TOTAL, "{name}, {call:?}: {:?}", start.elapsed());
            assert_eq!((succeeded, error.unwrap().kind()), (0, ErrorKind::Unavailable), "{name}, {call:?}");
            let sizes = sizes(&server);
            let most = if matches!(call, Call::Read) { 100 } else { 1_000 };
            let expected = std::iter::successors(Some(most), |size: &usize| Some(size.div_ceil(2)));
            let expected: Vec<_> = expected.take(if is_silent { 4 } else { 5 }).collect();
            assert_eq!(sizes, expected, "{name}, {call:?}");
        }))
        .await;
    });
}

/// The error of an item that was never sent says so.
#[test]
fn items_that_were_not_sent_say_so() {
    on_paused_time(async {
        let server = fast_enough_for(0, Reaction::status(524, "")).await;
        let entries = keys(3_000).into_iter().map(|key| PutEntry::new(key, "v").unwrap()).collect();
        let report = server.client().write_many(entries).await.unwrap();
        assert_eq!(report.failed.len(), 3_000);
        let message = |index: usize| report.failed[index].error.to_string();
        assert!(message(0).contains("524"), "{}", message(0));
        assert!(message(2_999).contains("was not sent"), "{}", message(2_999));
        assert_eq!(report.failed[2_999].error.operation(), Some("write_many"));
    });
}

/// A single item cannot be halved, so its request is repeated.
#[test]
fn a_single_item_is_retried() {
    on_paused_time(async {
        let cases = slow_answers().into_iter().flat_map(|late| CALLS.map(|call| (late.clone(), call)));
        together(cases.map(async |((name, late), call)| {
            let is_silent = matches!(late, Reaction::Hang(_));
            let server = fast_enough_for(0, late).await;
            let (succeeded, error) = call.make(&server.client(), 1).await;
            assert_eq!((succeeded, error.unwrap().kind()), (0, ErrorKind::Unavailable), "{name}, {call:?}");
            assert_eq!(sizes(&server).len(), if is_silent { 4 } else { 5 }, "{name}, {call:?}");
        }))
        .await;
    });
}

/// `Retry-After` holds before halves too.
#[test]
fn halves_wait_for_retry_after() {
    on_paused_time(async {
        let late = Reaction::status(504, "").with("retry-after", "7");
        let server = fast_enough_for(5, late).await;
        assert!(matches!(Call::Write.make(&server.client(), 10).await, (10, None)));
        let requests = server.requests();
        assert!(requests[1].at - requests[0].at >= Duration::from_secs(7));
        assert_eq!(sizes(&server), [10, 5, 5]);
    });
}

/// Pages of 1,000 keys may be too slow as well; smaller pages give the same listing.
#[test]
fn slow_pages_are_halved() {
    on_paused_time(async {
        together(slow_answers().map(async |(name, late)| {
            let server = ScriptedServer::new(move |request| {
                let line = request.line();
                let field = |name: &str| {
                    let (_, rest) = line.split_once(&format!("{name}="))?;
                    rest.split('&').next().unwrap().parse::<usize>().ok()
                };
                let limit = field("limit").unwrap();
                let start = field("cursor").unwrap_or_default();
                if limit > 300 {
                    return late.clone();
                }
                let end = (start + limit).min(1_000);
                let keys: Vec<_> = (start..end).map(|key| json!({ "name": format!("{key:04}") })).collect();
                let cursor = if end < 1_000 { end.to_string() } else { String::new() };
                Reaction::envelope(
                    200,
                    json!({ "success": true, "result": keys, "result_info": { "cursor": cursor } }),
                )
            })
            .await;
            let client = server.client();
            let keys: Vec<_> = client.list(ListOptions::default()).try_collect().await.unwrap();
            let names = keys.iter().map(|key| key.name.as_str().to_owned());
            assert!(names.eq((0..1_000).map(|key| format!("{key:04}"))), "{name}");
            let first: Vec<_> = server.request_lines().into_iter().take(3).collect();
            assert_eq!(first, [1_000, 500, 250].map(|limit| format!("GET /keys?limit={limit}")), "{name}");
        }))
        .await;
    });
}

/// The smallest page is retried as often as a single request.
#[test]
fn the_smallest_page_is_retried() {
    on_paused_time(async {
        for (limit, expected) in
            [(1_000, [1_000, 500, 250, 125, 63]), (20, [20, 10, 10, 10, 10]), (1, [10; 5])]
        {
            let server = ScriptedServer::in_order(vec![Reaction::status(524, "")]).await;
            let options = ListOptions::default().with_limit(limit).unwrap();
            let error = server.client().list_page(options).await.unwrap_err();
            assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, Some("list_page")));
            let lines = server.request_lines();
            let expected = expected.map(|limit| format!("GET /keys?limit={limit}"));
            assert_eq!(lines[..lines.len().min(5)], expected, "{limit}");
        }
    });
}
