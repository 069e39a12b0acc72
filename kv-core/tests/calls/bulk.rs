//! The bulk calls that a backend leaves to the trait: loops in the order given, with a report of every item.

use kv_core::{BulkReport, ErrorKind, GetOptions, Key, KvNamespace, Metadata, PutEntry};

use crate::watched::Watched;

fn keys(keys: &[&'static str]) -> Vec<Key<'static>> {
    keys.iter().map(|key| Key::from_static(key)).collect()
}

fn failures(report: &BulkReport) -> Vec<(usize, &str, ErrorKind)> {
    report.failed.iter().map(|failure| (failure.index, failure.key.as_str(), failure.error.kind())).collect()
}

#[tokio::test]
async fn reads_come_back_each_at_its_keys_place() {
    let kv = Watched::new();
    kv.set("a", "1");
    kv.set("b", "2");
    let entries =
        kv.read_many(keys(&["b", "none", "a", "b"]), GetOptions::default().with_text(true)).await.unwrap();
    let texts: Vec<_> =
        entries.iter().map(|entry| entry.as_ref().map(|entry| entry.value.text().unwrap())).collect();
    assert_eq!(texts, [Some("2"), None, Some("1"), Some("2")]);
    assert_eq!(kv.calls(), ["read text b", "read text none", "read text a", "read text b"]);
    assert!(kv.read_many(vec![], GetOptions::default()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_read_that_fails_is_the_answer_to_all() {
    let kv = Watched::new();
    let error = kv.read_many(keys(&["a", "broken", "b"]), GetOptions::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, Some("read")));
    assert_eq!(kv.calls(), ["read a", "read broken"]);
}

#[tokio::test]
async fn writes_go_in_the_order_given_and_failures_stop_none() {
    let kv = Watched::new();
    let metadata = Metadata::new("m").unwrap();
    let entries = vec![
        PutEntry::new("broken-1", "x").unwrap(),
        PutEntry::new("a", "1").unwrap(),
        PutEntry::new("broken-2", "x").unwrap(),
        PutEntry::new("a", "2").unwrap().with_options(metadata.clone()),
        PutEntry::new("broken-1", "x").unwrap(),
    ];
    let report = kv.write_many(entries).await.unwrap();
    assert_eq!(report.succeeded, 2);
    let unavailable = ErrorKind::Unavailable;
    assert_eq!(
        failures(&report),
        [(0, "broken-1", unavailable), (2, "broken-2", unavailable), (4, "broken-1", unavailable)]
    );
    assert_eq!(kv.calls(), ["write broken-1", "write a", "write broken-2", "write a", "write broken-1"]);
    let last = kv.peek("a").unwrap();
    assert_eq!((last.value.text().unwrap(), last.metadata), ("2", Some(metadata)));
    assert_eq!(report.into_result().unwrap_err().key(), Some(&Key::from_static("broken-1")));
}

#[tokio::test]
async fn removals_count_absent_keys_and_failures_stop_none() {
    let kv = Watched::new();
    kv.set("a", "1");
    let report = kv.remove_many(keys(&["a", "broken", "a", "never-written"])).await.unwrap();
    assert_eq!((report.succeeded, failures(&report)), (3, vec![(1, "broken", ErrorKind::Unavailable)]));
    assert_eq!(kv.calls(), ["remove a", "remove broken", "remove a", "remove never-written"]);
    assert_eq!(kv.peek("a"), None);
}

#[tokio::test]
async fn nothing_in_bulk_succeeds() {
    let kv = Watched::new();
    assert_eq!(kv.write_many(vec![]).await.unwrap().into_result().unwrap(), 0);
    assert_eq!(kv.remove_many(vec![]).await.unwrap().into_result().unwrap(), 0);
    assert!(kv.calls().is_empty());
}
