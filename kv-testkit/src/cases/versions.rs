//! Versions of entries.

use kv_core::{AtomicKvExt, Conditional, Expected, PutEntry, prelude::KvNamespaceExt};

use crate::support::{
    marked_write::MarkedWrite,
    scope::Scope,
    subject::Subject,
    versions::{SeenVersions, applied, current_version, put_if},
};

/// Every write takes a new version: plain, bulk and conditional writes, and one of the same value.
pub async fn every_write_takes_a_new_version(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    let mut seen = SeenVersions::default();
    for value in ["same", "same", "other", "same"] {
        atomic.put(&key, value).await.unwrap();
        seen.add_current(&*atomic, &key, "a plain write").await;
    }
    for _ in 0..2 {
        let entries = [PutEntry::new(&key, "same").unwrap(), PutEntry::new(&key, "same").unwrap()];
        atomic.put_many(entries).await.unwrap().into_result().unwrap();
        seen.add_current(&*atomic, &key, "a bulk write").await;
    }
    for _ in 0..2 {
        let expected = current_version(&*atomic, &key).await;
        applied(put_if(&*atomic, &key, expected, "same").await, "a version holds until the next write");
        seen.add_current(&*atomic, &key, "a conditional write").await;
    }
    scope.clean().await;
}

/// A conditional write that was applied returns the new version of the entry.
pub async fn applied_version_is_that_of_the_entry(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    let mut expected = Expected::Absent;
    for number in 0..4 {
        let written = applied(
            put_if(&*atomic, &key, expected, vec![number]).await,
            "a write that expects the current state is applied",
        );
        assert_eq!(
            current_version(&*atomic, &key).await,
            written,
            "`Applied` holds the new version of the entry"
        );
        expected = written.into();
    }
    scope.clean().await;
}

/// Reads, listings and conflicts take no version.
pub async fn reading_keeps_the_version(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    MarkedWrite::new(1).write(&atomic, &key).await.unwrap();
    let before = current_version(&*atomic, &key).await;
    scope.check(&key, Some(&MarkedWrite::new(1).entry()), "a read leaves the entry as it is").await;
    let conflict = put_if(&*atomic, &key, Expected::Absent, "2").await.unwrap();
    assert_eq!(conflict, Conditional::Conflict, "`Absent` does not hold for an entry");
    scope.fill(["b"]).await;
    assert_eq!(current_version(&*atomic, &key).await, before, "only a write of a key changes its version");
    scope.clean().await;
}

/// No version is used twice for a key, however often it is removed and written again. A removal takes one
/// too.
pub async fn versions_are_never_used_twice(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    let other = scope.key("b");
    let mut seen = SeenVersions::default();
    for round in 0..30 {
        atomic.put(&key, "1").await.unwrap();
        seen.add_current(&*atomic, &key, "a write after a removal").await;
        match round % 4 {
            0 => atomic.delete(&key).await.unwrap(),
            1 => atomic.delete_many([&key]).await.unwrap().into_result().map(drop).unwrap(),
            2 => {
                let expected = current_version(&*atomic, &key).await;
                let removed =
                    applied(atomic.delete_if(&key, expected).await, "a version holds until the next write");
                seen.add(removed, "a conditional removal takes a version that no entry ever has");
            }
            _ => {}
        }
        if round % 5 == 0 {
            atomic.delete(&key).await.unwrap();
            let written = put_if(&*atomic, &key, Expected::Absent, "1").await;
            seen.add(
                applied(written, "`Absent` holds for a removed key"),
                "a conditional write after a removal",
            );
        }
        if round % 7 == 0 {
            atomic.put(&other, "1").await.unwrap();
            atomic.delete(&other).await.unwrap();
        }
    }
    scope.clean().await;
}

/// The version of a removed entry does not hold for an entry that was written later under its key.
pub async fn removed_entry_written_again_is_another_one(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    MarkedWrite::new(1).write(&atomic, &key).await.unwrap();
    let old = current_version(&*atomic, &key).await;
    atomic.delete(&key).await.unwrap();
    MarkedWrite::new(1).write(&atomic, &key).await.unwrap();
    for outcome in [put_if(&*atomic, &key, old, "2").await, atomic.delete_if(&key, old).await] {
        assert_eq!(
            outcome.unwrap(),
            Conditional::Conflict,
            "the version of a removed entry does not hold for an equal entry that was written later"
        );
    }
    scope.check(&key, Some(&MarkedWrite::new(1).entry()), "a conflict leaves the entry as it was").await;
    scope.clean().await;
}

/// A versioned read always fills in metadata and `expires_at`, and returns `None` for an absent key.
pub async fn read_versioned_fills_in_metadata_and_expiry(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    let bare = scope.key("b");
    assert_eq!(atomic.get_versioned(&key).await.unwrap(), None, "an absent key has no version");
    MarkedWrite::new(1).write(&atomic, &key).await.unwrap();
    atomic.put(&bare, "bare").await.unwrap();
    let (entry, _) = atomic.get_versioned(&key).await.unwrap().unwrap();
    assert_eq!(
        entry,
        MarkedWrite::new(1).entry(),
        "a versioned read returns value, metadata and `expires_at`"
    );
    let (entry, _) = atomic.get_versioned(&bare).await.unwrap().unwrap();
    assert_eq!(
        (entry.metadata, entry.expires_at),
        (None, None),
        "an entry without options has no metadata and no `expires_at`"
    );
    atomic.delete(&key).await.unwrap();
    assert_eq!(atomic.get_versioned(&key).await.unwrap(), None, "a removed key has no version");
    scope.clean().await;
}
