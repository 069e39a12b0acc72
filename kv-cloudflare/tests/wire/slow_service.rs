//! Bulk calls to a service that is too slow for them.

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
use crate::scripted::{Asked, Reaction, Scripted};

/// Longest time of a call: its total time, and a step of the paused time.
const TOTAL: Duration = Duration::from_millis(120_100);

/// The ways in which an answer says that the time was too short. Silence is ended by this client.
fn too_slow() -> [(&'static str, Reaction); 4] {
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
    /// Number of items that succeeded, and the first error.
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

/// The keys of a bulk request.
fn asked_keys(asked: &Asked) -> Vec<String> {
    let json = asked.json();
    let items = json.as_array().or_else(|| json["keys"].as_array()).unwrap();
    let key = |item: &Json| item.as_str().or_else(|| item["key"].as_str()).unwrap().to_owned();
    items.iter().map(key).collect()
}

/// A server that does what `late` says with a request of more than `most` items, and what it is asked with the others. A value is
/// its key.
async fn fast_enough_for(most: usize, late: Reaction) -> Scripted {
    Scripted::new(move |asked| {
        let keys = asked_keys(asked);
        if keys.len() > most {
            return late.clone();
        }
        if asked.line() == "POST /bulk/get" {
            let values = keys.into_iter().map(|key| (key.clone(), json!({ "value": key })));
            return Reaction::result(json!({ "values": values.collect::<Map<_, _>>() }));
        }
        Reaction::result(json!({ "successful_key_count": keys.len(), "unsuccessful_keys": [] }))
    })
    .await
}

fn sizes(server: &Scripted) -> Vec<usize> {
    server.asked().iter().map(|asked| asked_keys(asked).len()).collect()
}

/// Half as many at a time, until the service is fast enough; then as many for the rest of the call.
#[test]
fn what_is_too_slow_is_halved() {
    on_paused_time(async {
        let cases = too_slow().into_iter().flat_map(|late| CALLS.map(|call| (late.clone(), call)));
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

/// A size that was too slow in one part of a call is not tried again in the others.
#[test]
fn the_size_is_kept_for_the_rest_of_the_call() {
    on_paused_time(async {
        let server = fast_enough_for(300, Reaction::status(524, "")).await;
        assert!(matches!(Call::Write.make(&server.client(), 2_100).await, (2_100, None)));
        let expected = [1_000, 500, 250, 250, 250, 250, 250, 250, 250, 250, 100];
        assert_eq!(sizes(&server), expected);
    });
}

/// Twice too slow, as often as it is tried again with less: nothing of what is applied is lost or told wrongly.
#[test]
fn each_item_is_applied_in_the_end() {
    on_paused_time(async {
        let applied = Arc::new(Mutex::new(HashMap::<String, usize>::new()));
        let counted = Arc::clone(&applied);
        let turn = AtomicUsize::new(0);
        let server = Scripted::new(move |asked| {
            // Every third request is late, whatever its size, and was carried out all the same.
            let keys = asked_keys(asked);
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

/// A server that is down gets as many requests as for a single one, and the call is over within its total time, however many items
/// it has.
#[test]
fn an_outage_takes_no_more_requests_than_retries() {
    on_paused_time(async {
        let cases = too_slow().into_iter().flat_map(|late| CALLS.map(|call| (late.clone(), call)));
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

/// An item that was not even sent says so.
#[test]
fn items_that_were_not_sent_are_told_as_such() {
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

/// One item cannot be halved: it is sent again as it is.
#[test]
fn a_single_item_is_sent_again() {
    on_paused_time(async {
        let cases = too_slow().into_iter().flat_map(|late| CALLS.map(|call| (late.clone(), call)));
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

/// The wait that the service asks for is kept to before the halves too.
#[test]
fn halves_wait_as_long_as_they_are_asked_to() {
    on_paused_time(async {
        let late = Reaction::status(504, "").with("retry-after", "7");
        let server = fast_enough_for(5, late).await;
        assert!(matches!(Call::Write.make(&server.client(), 10).await, (10, None)));
        let asked = server.asked();
        assert!(asked[1].at - asked[0].at >= Duration::from_secs(7));
        assert_eq!(sizes(&server), [10, 5, 5]);
    });
}

/// A page of 1,000 keys may be too much to ask for as well. What comes in smaller pages is the same listing.
#[test]
fn pages_that_are_too_slow_are_halved() {
    on_paused_time(async {
        together(too_slow().map(async |(name, late)| {
            let server = Scripted::new(move |asked| {
                let line = asked.line();
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
            let first: Vec<_> = server.lines().into_iter().take(3).collect();
            assert_eq!(first, [1_000, 500, 250].map(|limit| format!("GET /keys?limit={limit}")), "{name}");
        }))
        .await;
    });
}

/// The smallest page is asked for as often as any single request.
#[test]
fn the_smallest_page_is_asked_for_again() {
    on_paused_time(async {
        for (limit, expected) in
            [(1_000, [1_000, 500, 250, 125, 63]), (20, [20, 10, 10, 10, 10]), (1, [10; 5])]
        {
            let server = Scripted::in_turn(vec![Reaction::status(524, "")]).await;
            let options = ListOptions::default().with_limit(limit).unwrap();
            let error = server.client().list_page(options).await.unwrap_err();
            assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, Some("list_page")));
            let lines = server.lines();
            let expected = expected.map(|limit| format!("GET /keys?limit={limit}"));
            assert_eq!(lines[..lines.len().min(5)], expected, "{limit}");
        }
    });
}
