//! Expiry of an entry, as answers report it.

use std::time::Duration;

use kv_core::{Entry, Expiration, Timestamp, Value, prelude::KvNamespaceExt};

use crate::support::{marked_write::MarkedWrite, scope::Scope, subject::Subject};

/// `expires_at` is filled in by every way of reading, with metadata or without.
pub async fn expires_at_is_always_filled_in(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    let bare = scope.key("b");
    let entry = MarkedWrite::new(1).entry();
    MarkedWrite::new(1).write(kv, &key).await.unwrap();
    scope.check(&key, Some(&entry), "`expires_at` is always filled in").await;
    kv.put_with(&bare, &entry.value, Expiration::of(&entry)).await.unwrap();
    scope
        .check(
            &bare,
            Some(&entry.with_metadata(None)),
            "`expires_at` is filled in for an entry without metadata",
        )
        .await;
    scope.clean().await;
}

/// A TTL is resolved to `expires_at` once, when the write is applied.
pub async fn ttl_is_resolved_once(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    kv.put_with(&key, "1", Expiration::after(Duration::from_secs(100_000)).unwrap()).await.unwrap();
    let entry = kv.get_with_metadata(&key).await.unwrap().unwrap();
    assert!(entry.expires_at.is_some(), "an entry with a TTL has an `expires_at`");
    for _ in 0..3 {
        scope.check(&key, Some(&entry), "every way of reading returns the same `expires_at`").await;
    }
    scope.clean().await;
}

/// An entry may expire in the last second of the year 9999.
pub async fn last_timestamp_is_a_valid_expiry(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    let last = Expiration::at(Timestamp::MAX, Timestamp::EPOCH).unwrap();
    subject.namespace().put_with(&key, "1", last).await.unwrap();
    let entry = Entry::new(Value::from_static(b"1")).with_expires_at(Timestamp::MAX);
    scope.check(&key, Some(&entry), "an `expires_at` of the last timestamp is kept").await;
    scope.clean().await;
}

/// An entry that was put without an expiration has no `expires_at`.
pub async fn entry_without_expiration_has_no_expiry(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    subject.namespace().put(&key, "1").await.unwrap();
    scope.check_value(&key, "1", "an entry without an expiration has no `expires_at`").await;
    scope.clean().await;
}
