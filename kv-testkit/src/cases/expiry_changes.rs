//! Changes of keys before and after the expiry of their entries, and clocks that are set back.

use std::time::Duration;

use kv_core::{Clock, Entry, Expiration, Metadata, PutOptions, Timestamp, prelude::KvNamespaceExt};

use crate::support::{
    expiry::{MINUTE, SECOND, entry_of, minute},
    scope::Scope,
    subject::Subject,
};

/// A write after the expiry of an entry keeps neither its metadata nor its expiry, swept or not.
pub async fn write_after_expiry_has_nothing_of_the_old_entry(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    for sweeps in [false, true] {
        let key = scope.key(&sweeps.to_string());
        let options = PutOptions::from(minute()).with_metadata(Metadata::new("old").unwrap());
        kv.put_with(&key, "old", options).await.unwrap();
        subject.clock().advance(MINUTE);
        if sweeps {
            subject.sweep().await;
        }
        kv.put(&key, "new").await.unwrap();
        scope.check_value(&key, "new", "a write after the expiry keeps nothing of the old entry").await;
        subject.clock().advance(60 * MINUTE);
        subject.sweep().await;
        scope.check_value(&key, "new", "a sweep leaves an entry that was written again").await;
    }
    scope.clean().await;
}

/// A write without an expiration outlives the expiry of the old entry.
pub async fn write_without_expiration_outlives_the_old_expiry(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    kv.put_with(&key, "old", minute()).await.unwrap();
    kv.put(&key, "new").await.unwrap();
    subject.clock().advance(60 * MINUTE);
    scope.check_value(&key, "new", "a write without an expiration clears the old `expires_at`").await;
    subject.sweep().await;
    scope.check_value(&key, "new", "a write without an expiration clears the old `expires_at`").await;
    scope.clean().await;
}

/// A write with an expiration replaces `expires_at` by a later or an earlier one.
pub async fn write_replaces_the_expiry(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let later = scope.key("later");
    let earlier = scope.key("earlier");
    let long = Expiration::after(10 * MINUTE).unwrap();
    for (key, first, second) in [(&later, minute(), long), (&earlier, long, minute())] {
        kv.put_with(key, "first", first).await.unwrap();
        kv.put_with(key, "second", second).await.unwrap();
        scope
            .check(key, Some(&entry_of(subject, "second", &second.into())), "a write replaces `expires_at`")
            .await;
    }
    let entry = entry_of(subject, "second", &long.into());
    subject.clock().advance(MINUTE);
    for _ in 0..2 {
        scope.check(&later, Some(&entry), "a later `expires_at` replaces an earlier one").await;
        scope.check(&earlier, None, "an earlier `expires_at` replaces a later one").await;
        subject.sweep().await;
    }
    subject.clock().advance(9 * MINUTE);
    scope.check(&later, None, "an entry is gone from the second of its `expires_at` on").await;
    scope.clean().await;
}

/// A write with an expiry that has passed replaces the old entry, so that the key is absent.
pub async fn overwrite_with_a_passed_expiry_makes_the_key_absent(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    kv.put(&key, "old").await.unwrap();
    let passed = Entry::new(()).with_expires_at(subject.clock().now());
    subject.clock().advance(SECOND);
    kv.put_with(&key, "new", Expiration::of(&passed)).await.unwrap();
    scope.check(&key, None, "a write replaces the old entry even if its own expiry has passed").await;
    subject.sweep().await;
    scope.check(&key, None, "a sweep does not bring an old entry back").await;
    scope.clean().await;
}

/// Removing a key whose entry has expired succeeds, swept or not, and the key can be written again.
pub async fn removing_an_expired_key_succeeds(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    kv.put_with(&key, "1", minute()).await.unwrap();
    subject.clock().advance(MINUTE);
    for _ in 0..2 {
        kv.delete(&key).await.unwrap();
        kv.delete_many([&key]).await.unwrap().into_result().unwrap();
        scope.check(&key, None, "removing an expired key succeeds").await;
        subject.sweep().await;
    }
    kv.put(&key, "again").await.unwrap();
    scope.check_value(&key, "again", "a removed key can be written again").await;
    scope.clean().await;
}

/// Checks that every way of reading agrees on each key, that keys can be written, and that the entry without
/// an expiry is there.
async fn check_working(subject: &Subject, scope: &Scope) {
    for name in ["minute", "hour"] {
        let key = scope.key(name);
        let found = subject.namespace().get_with_metadata(&key).await.unwrap();
        scope.check(&key, found.as_ref(), "every way of reading agrees after the clock was set back").await;
    }
    scope.check_value(&scope.key("forever"), "forever", "an entry without an `expires_at` stays").await;
    for name in ["forever", "new"] {
        subject.namespace().put(&scope.key(name), name).await.unwrap();
        scope.check_value(&scope.key(name), name, "writes work after the clock was set back").await;
    }
}

/// Writes entries that expire in a minute, in an hour, and never.
async fn fill_with_expiring_entries(subject: &Subject, scope: &Scope) {
    scope.fill(["forever"]).await;
    for (name, seconds) in [("minute", 60), ("hour", 3_600)] {
        let ttl = Expiration::after(Duration::from_secs(seconds)).unwrap();
        subject.namespace().put_with(&scope.key(name), "1", ttl).await.unwrap();
    }
}

/// A namespace works on after its clock was set back, and every way of reading agrees.
pub async fn clock_set_back_does_no_harm(subject: &Subject) {
    let scope = Scope::new(subject);
    let start = subject.clock().now();
    fill_with_expiring_entries(subject, &scope).await;
    for back in [0, 59, 60, 86_400, 400 * 86_400] {
        subject.clock().set(start.saturating_add(60 * MINUTE));
        check_working(subject, &scope).await;
        scope
            .check(&scope.key("hour"), None, "an entry is gone from the second of its `expires_at` on")
            .await;
        let seconds = start.as_secs().saturating_sub(back);
        subject.clock().set(Timestamp::from_secs(seconds).unwrap());
        check_working(subject, &scope).await;
        subject.clock().set(Timestamp::EPOCH);
        check_working(subject, &scope).await;
    }
    scope.clean().await;
}

/// A swept entry stays gone after the clock was set back.
pub async fn clock_set_back_revives_no_swept_entry(subject: &Subject) {
    let scope = Scope::new(subject);
    let start = subject.clock().now();
    fill_with_expiring_entries(subject, &scope).await;
    let hour = subject.namespace().get_with_metadata(&scope.key("hour")).await.unwrap();
    subject.clock().advance(MINUTE);
    subject.sweep().await;
    subject.clock().set(start);
    // An entry that was not swept may be there again. A backend without a sweep has only to agree with
    // itself.
    if subject.has_sweep() {
        scope
            .check(&scope.key("minute"), None, "a swept entry stays gone after the clock was set back")
            .await;
    }
    check_working(subject, &scope).await;
    scope.check(&scope.key("hour"), hour.as_ref(), "a sweep leaves live entries").await;
    subject.sweep().await;
    subject.clock().advance(MINUTE);
    check_working(subject, &scope).await;
    scope.check(&scope.key("minute"), None, "an entry is gone from the second of its `expires_at` on").await;
    scope.clean().await;
}
