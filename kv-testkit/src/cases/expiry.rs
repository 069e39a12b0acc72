//! Expiry of entries.

use std::time::Duration;

use futures_util::TryStreamExt;
use kv_core::{Clock, Entry, Expiration, PutEntry, PutOptions, Timestamp, Value, prelude::KvNamespaceExt};

use crate::support::{
    expiry::{MINUTE, SECOND, entry_of, minute},
    marked_write::MarkedWrite,
    scope::Scope,
    subject::Subject,
};

const ALMOST_A_MINUTE: Duration = Duration::from_secs(59);

/// Every operation sees an entry until the second before its `expires_at`.
pub async fn entry_is_there_a_second_before_its_expiry(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    subject.namespace().put_with(&key, "1", minute()).await.unwrap();
    let entry = entry_of(subject, "1", &minute().into());
    subject.clock().advance(ALMOST_A_MINUTE);
    scope.check(&key, Some(&entry), "an entry is there before its `expires_at`").await;
    // Only whole seconds of the clock count.
    subject.clock().advance(Duration::from_millis(999));
    scope.check(&key, Some(&entry), "an entry is there before its `expires_at`").await;
    scope.clean().await;
}

/// An entry is gone for every operation from the second of its `expires_at` on, before any sweep.
pub async fn entry_is_gone_at_its_expiry(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    kv.put_with(&key, "1", minute()).await.unwrap();
    scope
        .check(
            &key,
            Some(&entry_of(subject, "1", &minute().into())),
            "an entry is there before its `expires_at`",
        )
        .await;
    subject.clock().advance(MINUTE);
    scope.check(&key, None, "an entry is gone from the second of its `expires_at` on").await;
    assert_eq!(
        kv.get_text(&key).await.unwrap(),
        None,
        "an entry is gone from the second of its `expires_at` on"
    );
    subject.clock().advance(SECOND);
    scope.check(&key, None, "an expired entry stays gone").await;
    scope.clean().await;
}

/// An expired entry is not listed, by pages or by a stream.
pub async fn expired_entry_is_not_listed(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    scope.fill(["a", "c", "e"]).await;
    for name in ["b", "d", "f"] {
        kv.put_with(&scope.key(name), "1", minute()).await.unwrap();
    }
    subject.clock().advance(MINUTE);
    for limit in [1, 2, 1000] {
        let listed = scope.names(scope.pages_of(limit)).await;
        assert_eq!(listed, ["a", "c", "e"], "an expired entry is not listed");
    }
    let stream = kv.list(scope.id()).map_ok(|key| scope.name(&key));
    assert_eq!(
        stream.try_collect::<Vec<_>>().await.unwrap(),
        ["a", "c", "e"],
        "an expired entry is not listed"
    );
    scope.clean().await;
}

/// Entries of a bulk write expire as others do, and a bulk read answers `None` for them.
pub async fn expired_entries_of_a_bulk_write_are_gone(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let keys = ["a", "b", "c"].map(|name| scope.key(name));
    let entry = |key, options: PutOptions| PutEntry::new(key, "1").unwrap().with_options(options);
    let hour = Expiration::after(60 * MINUTE).unwrap();
    let entries = [
        entry(&keys[0], minute().into()),
        entry(&keys[1], hour.into()),
        entry(&keys[2], PutOptions::default()),
    ];
    kv.put_many(entries).await.unwrap().into_result().unwrap();
    let there = async || kv.get_many(&keys).await.unwrap().iter().map(Option::is_some).collect::<Vec<_>>();
    assert_eq!(
        there().await,
        [true, true, true],
        "entries of a bulk write are there before their `expires_at`"
    );
    subject.clock().advance(MINUTE);
    assert_eq!(there().await, [false, true, true], "a bulk read answers `None` for an expired entry");
    subject.clock().advance(60 * MINUTE);
    assert_eq!(there().await, [false, false, true], "a bulk read answers `None` for an expired entry");
    scope.clean().await;
}

/// An entry expires alone: other entries stay, even if their keys differ in the last byte only.
pub async fn expiry_leaves_other_entries(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    scope.fill(["a", "a/b", "b"]).await;
    kv.put_with(&scope.key("a/"), "1", minute()).await.unwrap();
    MarkedWrite::new(1).write(kv, &scope.key("c")).await.unwrap();
    subject.clock().advance(60 * MINUTE);
    subject.sweep().await;
    for name in ["a", "a/b", "b"] {
        scope.check_value(&scope.key(name), name, "an entry without an `expires_at` stays").await;
    }
    scope
        .check(
            &scope.key("c"),
            Some(&MarkedWrite::new(1).entry()),
            "an entry stays until its own `expires_at`",
        )
        .await;
    scope.clean().await;
}

/// A sweep changes nothing that a caller can see.
pub async fn sweep_changes_nothing_visible(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let ended = scope.key("ended");
    let live = scope.key("live");
    kv.put_with(&ended, "1", minute()).await.unwrap();
    MarkedWrite::new(1).write(kv, &live).await.unwrap();
    for _ in 0..3 {
        subject.sweep().await;
        scope
            .check(&ended, Some(&entry_of(subject, "1", &minute().into())), "a sweep leaves live entries")
            .await;
    }
    subject.clock().advance(MINUTE);
    for _ in 0..3 {
        scope.check(&ended, None, "an expired entry is gone, swept or not").await;
        scope.check(&live, Some(&MarkedWrite::new(1).entry()), "a sweep leaves live entries").await;
        subject.sweep().await;
    }
    scope.clean().await;
}

/// A TTL counts whole seconds by the backend's clock, from the moment at which the write is applied.
pub async fn ttl_counts_by_the_backends_clock(subject: &Subject) {
    let scope = Scope::new(subject);
    for wait in [0, 1, 86_400 * 400] {
        subject.clock().advance(Duration::from_secs(wait));
        let ttl = Expiration::after(Duration::from_millis(90_999)).unwrap();
        let key = scope.key(&wait.to_string());
        subject.namespace().put_with(&key, "1", ttl).await.unwrap();
        let expires_at = subject.clock().now().saturating_add(Duration::from_secs(90));
        let entry = Entry::new(Value::from_static(b"1")).with_expires_at(expires_at);
        scope.check(&key, Some(&entry), "a TTL counts by the backend's clock, from the write on").await;
    }
    scope.clean().await;
}

/// The longest TTL ends at the last timestamp, without an overflow.
pub async fn longest_ttl_ends_at_the_last_timestamp(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    subject.namespace().put_with(&key, "1", Expiration::after(Duration::MAX).unwrap()).await.unwrap();
    let entry = Entry::new(Value::from_static(b"1")).with_expires_at(Timestamp::MAX);
    scope
        .check(&key, Some(&entry), "an `expires_at` after the last timestamp becomes the last timestamp")
        .await;
    subject.clock().set(Timestamp::MAX);
    scope.check(&key, None, "an entry expires at the last timestamp as at any other").await;
    scope.clean().await;
}

/// `expires_at` is kept to the second.
pub async fn expiry_is_kept_to_the_second(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    let now = subject.clock().now();
    let expires_at = now.saturating_add(Duration::from_secs(12_345));
    subject.namespace().put_with(&key, "1", Expiration::at(expires_at, now).unwrap()).await.unwrap();
    let entry = Entry::new(Value::from_static(b"1")).with_expires_at(expires_at);
    scope.check(&key, Some(&entry), "`expires_at` is kept to the second").await;
    subject.clock().set(expires_at);
    scope.check(&key, None, "an entry is gone from the second of its `expires_at` on").await;
    scope.clean().await;
}

/// An expiry that is carried from another entry may be less than 60 s away.
pub async fn carried_expiry_may_be_near(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let copy = scope.key("copy");
    kv.put_with(&scope.key("a"), "1", minute()).await.unwrap();
    let entry = kv.get_with_metadata(&scope.key("a")).await.unwrap().unwrap();
    subject.clock().advance(ALMOST_A_MINUTE);
    kv.put_with(&copy, &entry.value, Expiration::of(&entry)).await.unwrap();
    scope.check(&copy, Some(&entry), "a carried expiry stays the same").await;
    subject.clock().advance(SECOND);
    scope.check(&copy, None, "an entry is gone from the second of its `expires_at` on").await;
    scope.clean().await;
}

/// An entry that is written with an expiry that has passed is absent at once.
pub async fn carried_expiry_that_has_passed_makes_the_key_absent(subject: &Subject) {
    let scope = Scope::new(subject);
    for (name, passed) in [("now", Duration::ZERO), ("before", 60 * MINUTE)] {
        let expired = Entry::new(()).with_expires_at(subject.clock().now());
        subject.clock().advance(passed);
        let key = scope.key(name);
        subject.namespace().put_with(&key, "1", Expiration::of(&expired)).await.unwrap();
        scope.check(&key, None, "an entry with an expiry that has passed is absent at once").await;
    }
    scope.clean().await;
}
