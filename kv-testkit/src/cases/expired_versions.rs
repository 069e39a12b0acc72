//! Conditional calls on expired entries.

use kv_core::{AtomicKvExt, Change, Conditional, Entry, Expected, Expiration, prelude::KvNamespaceExt};

use crate::support::{
    expiry::{MINUTE, minute},
    polling::bounded,
    scope::Scope,
    subject::Subject,
    versions::{SeenVersions, applied, current_version, put_if},
};

/// An expired entry has no version, swept or not.
pub async fn expired_entry_has_no_version(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    atomic.put_with(&key, "1", minute()).await.unwrap();
    assert!(atomic.get_versioned(&key).await.unwrap().is_some(), "an entry is there before its `expires_at`");
    subject.clock().advance(MINUTE);
    for _ in 0..2 {
        assert_eq!(
            atomic.get_versioned(&key).await.unwrap(),
            None,
            "an expired entry is absent, swept or not"
        );
        subject.sweep().await;
    }
    scope.clean().await;
}

/// `Expected::Absent` holds for an expired entry, swept or not.
pub async fn expired_entry_is_absent_for_write_if(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    for sweeps in [false, true] {
        let key = scope.key(&sweeps.to_string());
        atomic.put_with(&key, "old", minute()).await.unwrap();
        let early = put_if(&*atomic, &key, Expected::Absent, "new").await.unwrap();
        assert_eq!(early, Conditional::Conflict, "an entry is there before its `expires_at`");
        subject.clock().advance(MINUTE);
        if sweeps {
            subject.sweep().await;
        }
        let written = put_if(&*atomic, &key, Expected::Absent, "new").await;
        applied(written, "`Absent` holds for an expired entry, swept or not");
        scope.check_value(&key, "new", "a write after the expiry keeps nothing of the old entry").await;
    }
    scope.clean().await;
}

/// A call that expects the version of an expired entry is a conflict, swept or not.
pub async fn expired_entry_conflicts_with_its_version(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    atomic.put_with(&key, "1", minute()).await.unwrap();
    let expired = current_version(&*atomic, &key).await;
    subject.clock().advance(MINUTE);
    for _ in 0..2 {
        let outcomes = [put_if(&*atomic, &key, expired, "2").await, atomic.delete_if(&key, expired).await];
        for outcome in outcomes {
            assert_eq!(
                outcome.unwrap(),
                Conditional::Conflict,
                "the version of an expired entry does not hold"
            );
        }
        scope.check(&key, None, "a conflict writes nothing").await;
        subject.sweep().await;
    }
    scope.clean().await;
}

/// An update of an expired entry finds no entry; an update of a live one can carry its expiry.
pub async fn expired_entry_is_absent_for_update(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    atomic.put_with(&key, "1", minute()).await.unwrap();
    let before = atomic.get_with_metadata(&key).await.unwrap();
    subject.clock().advance(MINUTE / 2);
    let carry = |entry: Option<Entry>| {
        Ok(entry
            .map_or(Change::Keep, |entry| Change::Put(entry.value.clone(), Expiration::of(&entry).into())))
    };
    atomic.update(&key, bounded(carry)).await.unwrap();
    scope.check(&key, before.as_ref(), "an update can carry the expiry of the entry").await;
    subject.clock().advance(MINUTE / 2);
    let decide = |entry: Option<Entry>| {
        assert_eq!(entry, None, "an update of an expired entry finds no entry");
        Change::put("new")
    };
    atomic.update(&key, bounded(decide)).await.unwrap();
    scope.check_value(&key, "new", "an update of an expired entry writes a new one").await;
    scope.clean().await;
}

/// No version is used twice for a key, even after its entry has expired and was swept.
pub async fn versions_are_not_used_again_after_expiry(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    let mut seen = SeenVersions::default();
    for round in 0..12 {
        atomic.put_with(&key, "1", minute()).await.unwrap();
        seen.add_current(&*atomic, &key, "a write after an expiry").await;
        subject.clock().advance(MINUTE);
        if round % 2 == 0 {
            subject.sweep().await;
        }
        if round % 3 == 0 {
            atomic.delete(&key).await.unwrap();
        }
    }
    scope.clean().await;
}
