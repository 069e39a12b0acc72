//! The deadline that an entry tells.

use std::time::Duration;

use kv_core::{Entry, Expiration, Timestamp, Value, prelude::KvNamespaceExt};

use crate::support::{marked_write::MarkedWrite, scope::Scope, subject::Subject};

/// `expires_at` is filled in by every way of reading, with metadata or without.
pub async fn deadline_is_always_filled_in(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    let bare = scope.key("b");
    let entry = MarkedWrite::new(1).entry();
    MarkedWrite::new(1).write(kv, &key).await.unwrap();
    scope.check(&key, Some(&entry), "the deadline is always filled in").await;
    kv.put_with(&bare, &entry.value, Expiration::of(&entry)).await.unwrap();
    scope
        .check(&bare, Some(&entry.with_metadata(None)), "the deadline is filled in without metadata too")
        .await;
    scope.clean().await;
}

/// A time to live becomes a deadline when the write is applied, and that stands still.
pub async fn deadline_of_a_time_to_live_stands_still(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    kv.put_with(&key, "1", Expiration::after(Duration::from_secs(100_000)).unwrap()).await.unwrap();
    let entry = kv.get_with_metadata(&key).await.unwrap().unwrap();
    assert!(entry.expires_at.is_some(), "an entry with a time to live has a deadline");
    for _ in 0..3 {
        scope.check(&key, Some(&entry), "every way of reading tells the same deadline").await;
    }
    scope.clean().await;
}

/// The last second of the year 9999 is a deadline.
pub async fn last_timestamp_is_a_deadline(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    let last = Expiration::at(Timestamp::MAX, Timestamp::EPOCH).unwrap();
    subject.namespace().put_with(&key, "1", last).await.unwrap();
    let entry = Entry::new(Value::from_static(b"1")).with_expires_at(Timestamp::MAX);
    scope.check(&key, Some(&entry), "a deadline at the last timestamp is kept").await;
    scope.clean().await;
}

/// An entry that was put without an expiration has no deadline.
pub async fn entry_without_expiration_has_no_deadline(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    subject.namespace().put(&key, "1").await.unwrap();
    scope.check_value(&key, "1", "an entry without an expiration tells no deadline").await;
    scope.clean().await;
}
