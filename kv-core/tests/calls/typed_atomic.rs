//! `TypedKv` over conditional writes.

use std::sync::Arc;

use kv_core::{
    AtomicKv, Change, Conditional, Entry, Error, ErrorKind, Expected, Key, Metadata, PutOptions, TypedKv,
    prelude::*,
};

use crate::watched::Watched;

fn counters() -> (Arc<Watched>, TypedKv<u64, Arc<dyn AtomicKv>>) {
    let kv = Watched::new();
    let atomic: Arc<dyn AtomicKv> = Arc::clone(&kv) as _;
    (kv, atomic.typed::<u64>().with_prefix("count:").unwrap())
}

#[tokio::test]
async fn an_update_reads_decides_and_writes_records() {
    let (kv, counters) = counters();
    for expected in 1..=3 {
        let after = counters.update("k", |entry| {
            let count = entry.map_or(0, |entry| entry.value);
            Ok(Change::Put(count + 1, PutOptions::default()))
        });
        assert_eq!(after.await.unwrap(), Some(expected));
    }
    assert_eq!(kv.text("count:k").as_deref(), Some("3"));
}

#[tokio::test]
async fn an_update_starts_again_with_the_record_that_is_there_now() {
    let (kv, counters) = counters();
    kv.set("count:k", "1");
    kv.interfere(|kv| kv.set("count:k", "10"));
    let mut seen = Vec::new();
    let after = counters.update("k", |entry| {
        let count = entry.unwrap().value;
        seen.push(count);
        Ok(Change::Put(count + 1, Metadata::new("m").unwrap().into()))
    });
    assert_eq!(after.await.unwrap(), Some(11));
    assert_eq!(seen, [1, 10]);
    let entry = kv.peek("count:k").unwrap();
    assert_eq!((entry.value.text().unwrap(), entry.metadata.is_some()), ("11", true));
}

#[tokio::test]
async fn a_record_that_was_not_put_after_all_is_not_the_answer() {
    let (kv, counters) = counters();
    kv.set("count:k", "1");
    kv.interfere(|kv| kv.set("count:k", "10"));
    let only_the_first = |entry: Option<Entry<u64>>| match entry.map(|entry| entry.value) {
        Some(1) => Ok(Change::Put(2, PutOptions::default())),
        _ => Ok(Change::Keep),
    };
    assert_eq!(counters.update("k", only_the_first).await.unwrap(), Some(10));
}

#[tokio::test]
async fn keeping_and_deleting_answer_what_is_there_afterwards() {
    let (kv, counters) = counters();
    assert_eq!(counters.update("k", |_| Ok(Change::Keep)).await.unwrap(), None);
    kv.set("count:k", "1");
    assert_eq!(counters.update("k", |_| Ok(Change::Keep)).await.unwrap(), Some(1));
    assert_eq!(kv.text("count:k").as_deref(), Some("1"));
    assert_eq!(counters.update("k", |_| Ok(Change::Delete)).await.unwrap(), None);
    assert_eq!(kv.peek("count:k"), None);
}

#[tokio::test]
async fn an_error_of_the_decision_ends_it_and_nothing_is_written() {
    let (kv, counters) = counters();
    kv.set("count:k", "1");
    let outcome = counters.update("k", |_| Err(Error::new(ErrorKind::Other, "test", "enough"))).await;
    assert_eq!(outcome.unwrap_err().to_string(), "enough");
    assert_eq!(kv.calls(), ["read_versioned count:k"]);
}

#[tokio::test]
async fn a_record_that_reads_back_differently_is_answered_as_it_was_put() {
    // JSON has no infinity: serde writes null, which is no number.
    let kv = Watched::new();
    let numbers = kv.typed::<f64>();
    let put = |number| move |_| Ok(Change::Put(number, PutOptions::default()));
    assert_eq!(numbers.update("k", put(f64::INFINITY)).await.unwrap(), Some(f64::INFINITY));
    assert_eq!(kv.text("k").as_deref(), Some("null"));
    let error = numbers.update("k", put(1.0)).await.unwrap_err();
    assert_eq!((error.kind(), error.key()), (ErrorKind::Codec, Some(&Key::from_static("k"))));
}

#[tokio::test]
async fn a_record_that_json_cannot_express_is_not_written() {
    let kv = Watched::new();
    let maps = kv.typed::<std::collections::BTreeMap<(u8, u8), u8>>();
    let map = || [((1, 2), 3)].into();
    let error = maps.update("k", |_| Ok(Change::Put(map(), PutOptions::default()))).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Codec, Some("update")));
    let error = maps.put_if("k", Expected::Absent, &map(), PutOptions::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Codec, Some("put_if")));
    assert_eq!(error.key(), Some(&Key::from_static("k")));
    assert_eq!(kv.calls(), ["read_versioned k"]);
}

#[tokio::test]
async fn conditional_calls_work_on_records() {
    let (kv, counters) = counters();
    let nothing = PutOptions::default();
    let Conditional::Applied(first) =
        counters.put_if("k", Expected::Absent, &1, nothing.clone()).await.unwrap()
    else {
        panic!("nothing was there");
    };
    assert_eq!(
        counters.put_if("k", Expected::Absent, &2, nothing.clone()).await.unwrap(),
        Conditional::Conflict
    );
    let (entry, version) = counters.get_versioned("k").await.unwrap().unwrap();
    assert_eq!((entry.value, version), (1, first));
    let Conditional::Applied(second) = counters.put_if("k", first, &2, nothing).await.unwrap() else {
        panic!("no other writer");
    };
    assert_eq!(counters.delete_if("k", first).await.unwrap(), Conditional::Conflict);
    assert_eq!(kv.text("count:k").as_deref(), Some("2"));
    assert!(matches!(counters.delete_if("k", second).await.unwrap(), Conditional::Applied(_)));
    assert_eq!(counters.get_versioned("k").await.unwrap(), None);
}
