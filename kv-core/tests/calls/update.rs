//! `AtomicKvExt`: conditional writes, and updates that start again after a conflict.

use std::time::Duration;

use kv_core::{
    Change, Conditional, Entry, Error, ErrorKind, Expected, Expiration, Metadata, PutOptions, Result, Value,
    prelude::*,
};

use crate::watched::Watched;

/// Adds `x` to what is there.
fn append(entry: Option<Entry>) -> Result<Change> {
    let text = entry.map(|entry| entry.value.into_text()).transpose()?.unwrap_or_default();
    Change::put(text + "x")
}

fn text(value: Option<Value>) -> Option<String> {
    value.map(|value| value.into_text().unwrap())
}

#[tokio::test]
async fn an_update_writes_what_it_decides_on_what_is_there() {
    let kv = Watched::new();
    assert_eq!(text(kv.update("k", append).await.unwrap()).as_deref(), Some("x"));
    assert_eq!(text(kv.update("k", append).await.unwrap()).as_deref(), Some("xx"));
    assert_eq!(kv.text("k").as_deref(), Some("xx"));
    assert_eq!(kv.calls(), ["read_versioned k", "write_if k", "read_versioned k", "write_if k"]);
}

#[tokio::test]
async fn an_update_starts_again_with_what_is_there_now() {
    let kv = Watched::new();
    kv.set("k", "a");
    kv.interfere(|kv| kv.set("k", "b"));
    kv.interfere(|kv| kv.unset("k"));
    kv.interfere(|kv| kv.set("k", "c"));
    let mut seen = Vec::new();
    let after = kv.update("k", |entry| {
        seen.push(text(entry.as_ref().map(|entry| entry.value.clone())));
        append(entry)
    });
    assert_eq!(text(after.await.unwrap()).as_deref(), Some("cx"));
    assert_eq!(seen, [Some("a"), Some("b"), None, Some("c")].map(|text| text.map(str::to_owned)));
    assert_eq!(kv.text("k").as_deref(), Some("cx"));
}

#[tokio::test]
async fn an_equal_value_written_between_is_a_conflict_too() {
    let kv = Watched::new();
    kv.set("k", "a");
    kv.interfere(|kv| kv.set("k", "a"));
    let mut decisions = 0;
    let after = kv.update("k", |entry| {
        decisions += 1;
        append(entry)
    });
    assert_eq!(text(after.await.unwrap()).as_deref(), Some("ax"));
    assert_eq!(decisions, 2);
}

#[tokio::test]
async fn keeping_writes_nothing_and_answers_what_is_there() {
    let kv = Watched::new();
    assert_eq!(kv.update("k", |_| Ok(Change::Keep)).await.unwrap(), None);
    kv.set("k", "a");
    assert_eq!(text(kv.update("k", |_| Ok(Change::Keep)).await.unwrap()).as_deref(), Some("a"));
    assert_eq!(kv.calls(), ["read_versioned k", "read_versioned k"]);
}

#[tokio::test]
async fn deleting_answers_none_and_starts_again_as_a_put_does() {
    let kv = Watched::new();
    assert_eq!(kv.update("k", |_| Ok(Change::Delete)).await.unwrap(), None);
    assert_eq!(kv.calls(), ["read_versioned k"], "there was nothing to delete");
    kv.set("k", "a");
    kv.interfere(|kv| kv.set("k", "b"));
    let mut seen = Vec::new();
    let after = kv.update("k", |entry| {
        seen.push(text(entry.map(|entry| entry.value)));
        Ok(Change::Delete)
    });
    assert_eq!(after.await.unwrap(), None);
    assert_eq!(seen, [Some("a".to_owned()), Some("b".to_owned())]);
    assert_eq!(kv.peek("k"), None);
}

#[tokio::test]
async fn an_entry_that_is_deleted_meanwhile_is_not_brought_back() {
    let kv = Watched::new();
    kv.set("k", "a");
    kv.interfere(|kv| kv.unset("k"));
    let after = kv.update("k", |entry| {
        Ok(entry.map_or(Change::Keep, |entry| Change::Put(entry.value, PutOptions::default())))
    });
    assert_eq!(after.await.unwrap(), None);
    assert_eq!(kv.peek("k"), None);
}

#[tokio::test]
async fn an_error_of_the_decision_ends_it_and_nothing_is_written() {
    let kv = Watched::new();
    kv.set("k", "a");
    kv.interfere(|kv| kv.set("k", "b"));
    let mut decisions = 0;
    let outcome = kv.update("k", |entry| {
        decisions += 1;
        if decisions == 2 {
            return Err(Error::new(ErrorKind::Other, "test", "enough"));
        }
        append(entry)
    });
    assert_eq!(outcome.await.unwrap_err().to_string(), "enough");
    assert_eq!(kv.text("k").as_deref(), Some("b"));
    assert_eq!(kv.calls(), ["read_versioned k", "write_if k", "read_versioned k"]);
}

#[tokio::test]
async fn an_error_of_the_backend_ends_it() {
    let kv = Watched::new();
    let error = kv.update("broken", |_| unreachable!("nothing was read")).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, Some("read_versioned")));
}

#[tokio::test]
async fn an_update_sees_metadata_and_deadline_and_may_carry_them_on() {
    let kv = Watched::new();
    let options = PutOptions::from(Expiration::after(Duration::from_secs(60)).unwrap())
        .with_metadata(Metadata::new("m").unwrap());
    kv.put_with("k", "a", options.clone()).await.unwrap();
    let before = kv.peek("k").unwrap();
    let carry_on = |entry: Option<Entry>| {
        let entry = entry.unwrap();
        let options = PutOptions::from(Expiration::of(&entry)).with_metadata(entry.metadata);
        Ok(Change::Put(Value::new("b")?, options))
    };
    kv.update("k", carry_on).await.unwrap();
    let after = kv.peek("k").unwrap();
    assert_eq!((after.metadata, after.expires_at), (before.metadata, before.expires_at));
    assert!(after.expires_at.is_some());
    assert_eq!(kv.text("k").as_deref(), Some("b"));
}

#[tokio::test]
async fn conditional_calls_pass_on_what_is_expected() {
    let kv = Watched::new();
    let nothing = PutOptions::default();
    let Conditional::Applied(first) = kv.put_if("k", Expected::Absent, "a", nothing.clone()).await.unwrap()
    else {
        panic!("nothing was there");
    };
    assert_eq!(kv.put_if("k", Expected::Absent, "b", nothing.clone()).await.unwrap(), Conditional::Conflict);
    let (entry, version) = kv.get_versioned("k").await.unwrap().unwrap();
    assert_eq!((entry.value.text().unwrap(), version), ("a", first));
    let written = kv.put_if("k", first, "b", Metadata::new("m").unwrap()).await.unwrap();
    assert!(matches!(written, Conditional::Applied(second) if second != first));
    assert_eq!(kv.delete_if("k", first).await.unwrap(), Conditional::Conflict);
    let (entry, second) = kv.get_versioned("k").await.unwrap().unwrap();
    assert!(entry.metadata.is_some());
    assert!(matches!(kv.delete_if("k", second).await.unwrap(), Conditional::Applied(_)));
    assert_eq!(kv.delete_if("k", second).await.unwrap(), Conditional::Conflict);
    assert_eq!(kv.get_versioned("k").await.unwrap(), None);
}
