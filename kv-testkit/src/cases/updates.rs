//! Updates: read, decide, write, without a write in between.

use std::sync::Arc;

use kv_core::{
    AtomicKv, AtomicKvExt, Change, Conditional, Entry, Error, ErrorKind, Expected, Expiration, Key,
    PutOptions, Result, prelude::KvNamespaceExt,
};
use tokio::task::JoinSet;

use crate::support::{
    errors::assert_kind,
    marked_write::MarkedWrite,
    polling::{bounded, run_in_place},
    scope::Scope,
    subject::Subject,
    versions::SeenVersions,
};

/// Decision of an update that adds 1.
fn add_one(entry: Option<Entry>) -> Result<Change> {
    let number: u64 = entry.map_or(Ok(0), |entry| entry.value.json())?;
    Change::put((number + 1).to_string())
}

/// An update puts what was decided, clears what it does not set, and returns the new value.
pub async fn update_puts_what_was_decided(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    for number in 1..4 {
        let value = atomic.update(&key, bounded(add_one)).await.unwrap();
        assert_eq!(
            value.as_deref(),
            Some(number.to_string().as_bytes()),
            "an update returns the value that it left"
        );
        scope.check_value(&key, &number.to_string(), "an update puts what was decided").await;
    }
    MarkedWrite::new(1).write(&atomic, &key).await.unwrap();
    let decide = |entry: Option<Entry>| {
        assert_eq!(entry, Some(MarkedWrite::new(1).entry()), "an update's decision gets the whole entry");
        Change::put("bare")
    };
    atomic.update(&key, bounded(decide)).await.unwrap();
    scope.check_value(&key, "bare", "an update clears what it does not set").await;
    scope.clean().await;
}

/// An update may keep the entry, with its version, or delete it.
pub async fn update_keeps_and_deletes(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    let marked = MarkedWrite::new(1);
    for change in [Change::Keep, Change::Delete] {
        let after = atomic.update(&key, bounded(|_| Ok(change.clone()))).await.unwrap();
        assert_eq!(after, None, "an update that keeps or deletes an absent entry changes nothing");
    }
    marked.write(&atomic, &key).await.unwrap();
    let before = atomic.get_versioned(&key).await.unwrap();
    let after = atomic.update(&key, |_| Ok(Change::Keep)).await.unwrap();
    assert_eq!(after, Some(marked.entry().value), "an update that keeps the entry returns its value");
    assert_eq!(
        atomic.get_versioned(&key).await.unwrap(),
        before,
        "an update that keeps the entry writes nothing"
    );
    assert_eq!(atomic.update(&key, bounded(|_| Ok(Change::Delete))).await.unwrap(), None);
    scope.check(&key, None, "an update may delete the entry").await;
    scope.clean().await;
}

/// An error of the decision ends the update without a write.
pub async fn failed_decision_writes_nothing(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    MarkedWrite::new(1).write(&atomic, &key).await.unwrap();
    let failed = atomic.update(&key, |_| Err(Error::new(ErrorKind::Codec, "decision", "no"))).await;
    assert_kind(failed, ErrorKind::Codec, "an update returns the error of its decision");
    scope.check(&key, Some(&MarkedWrite::new(1).entry()), "a failed decision writes nothing").await;
    scope.clean().await;
}

/// An update decides again on the current entry if another write came in between.
pub async fn update_decides_again_after_a_concurrent_write(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    atomic.put(&key, "1").await.unwrap();
    let mut decisions = 0;
    let decide = |entry| {
        decisions += 1;
        if decisions == 1 {
            run_in_place(atomic.put(&key, "10"))?;
        }
        add_one(entry)
    };
    atomic.update(&key, bounded(decide)).await.unwrap();
    assert_eq!(decisions, 2, "an update decides again once for each write that came in between");
    scope.check_value(&key, "11", "an update builds on the write that came in between").await;
    scope.clean().await;
}

/// An update does not bring back a key that is removed in between.
pub async fn update_does_not_bring_a_removed_key_back(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    MarkedWrite::new(1).write(&atomic, &key).await.unwrap();
    let mut found = Vec::new();
    let decide = |entry: Option<Entry>| {
        found.push(entry.is_some());
        if found.len() == 1 {
            run_in_place(atomic.delete(&key))?;
        }
        Ok(entry.map_or(Change::Keep, |entry| Change::Put(entry.value, PutOptions::default())))
    };
    let after = atomic.update(&key, bounded(decide)).await.unwrap();
    assert_eq!(after, None, "an update that left no entry returns `None`");
    assert_eq!(found, [true, false], "an update decides again when the key was removed in between");
    scope.check(&key, None, "an update does not bring back a removed key").await;
}

async fn race<F: Future<Output = ()> + Send + 'static>(
    increment: impl Fn(Arc<dyn AtomicKv>) -> F,
    subject: &Subject,
) {
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        tasks.spawn(increment(subject.atomic()));
    }
    tasks.join_all().await;
}

/// None of 200 increments by 8 concurrent tasks is lost.
pub async fn concurrent_updates_lose_nothing(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    let increment = |atomic: Arc<dyn AtomicKv>| {
        let key = key.clone();
        async move {
            for _ in 0..25 {
                atomic.update(&key, bounded(add_one)).await.unwrap();
            }
        }
    };
    race(increment, subject).await;
    scope.check_value(&key, "200", "concurrent updates lose nothing").await;
    scope.clean().await;
}

/// Conditional calls of a typed collection keep the rules of the untyped ones.
pub async fn typed_conditional_calls_keep_the_rules(subject: &Subject) {
    let scope = Scope::new(subject);
    let scores = subject.atomic().typed::<u32>().with_prefix(scope.prefix("score:").as_str()).unwrap();
    let key: Key<'_> = scope.key("score:ada");
    let mut seen = SeenVersions::default();
    assert_eq!(scores.get_versioned("ada").await.unwrap(), None, "an absent record has no version");
    let outcome = scores.put_if("ada", Expected::Absent, &1, MarkedWrite::new(1).options()).await.unwrap();
    assert!(matches!(outcome, Conditional::Applied(_)), "`Absent` holds for a record never written");
    let (entry, version) = scores.get_versioned("ada").await.unwrap().unwrap();
    seen.add(version, "a typed write");
    assert_eq!((entry.value, entry.expires_at), (1, MarkedWrite::new(1).entry().expires_at));
    assert_eq!(
        scores.put_if("ada", Expected::Absent, &2, PutOptions::default()).await.unwrap(),
        Conditional::Conflict
    );
    scores.put("ada", &3).await.unwrap();
    assert_eq!(
        scores.put_if("ada", version, &4, PutOptions::default()).await.unwrap(),
        Conditional::Conflict
    );
    assert_eq!(scores.delete_if("ada", version).await.unwrap(), Conditional::Conflict);
    let (entry, version) = scores.get_versioned("ada").await.unwrap().unwrap();
    seen.add(version, "a typed write");
    assert_eq!(entry, Entry::new(3), "a conflict leaves the record as it was");
    assert!(matches!(scores.delete_if("ada", version).await.unwrap(), Conditional::Applied(_)));
    scope.check(&key, None, "a conditional removal removes the record").await;
}

/// Typed updates read, decide and write records, can carry their expiry, and lose nothing.
pub async fn typed_updates_lose_nothing(subject: &Subject) {
    let scope = Scope::new(subject);
    let prefix = scope.prefix("score:");
    let key = scope.key("score:ada");
    let marked = MarkedWrite::new(1);
    subject.namespace().put_with(&key, "0", marked.options().with_metadata(None)).await.unwrap();
    let increment = |atomic: Arc<dyn AtomicKv>| {
        let scores = atomic.typed::<u64>().with_prefix(prefix.as_str()).unwrap();
        async move {
            for _ in 0..5 {
                let decide = |entry: Option<Entry<u64>>| {
                    let entry = entry.expect("no task removes the record");
                    Ok(Change::Put(entry.value + 1, Expiration::of(&entry).into()))
                };
                scores.update("ada", bounded(decide)).await.unwrap();
            }
        }
    };
    race(increment, subject).await;
    let entry = subject.namespace().get_with_metadata(&key).await.unwrap().unwrap();
    assert_eq!((&entry.value[..], entry.expires_at), (&b"40"[..], marked.entry().expires_at));
    scope.check(&key, Some(&entry), "a typed update can carry the expiry of the record").await;
    scope.clean().await;
}
