//! Conditional writes and removals.

use std::sync::Arc;

use futures_util::future::join_all;
use kv_core::{AtomicKv, AtomicKvExt, Conditional, Expected, Key, Result, Version, prelude::KvNamespaceExt};
use tokio::task::JoinSet;

use crate::support::{
    marked_write::{MarkedWrite, assert_whole},
    polling::{MAX_POLLS, poll_and_drop},
    scope::Scope,
    subject::Subject,
    versions::{applied, current_version, put_if},
};

async fn write_if(
    atomic: &dyn AtomicKv,
    key: &Key<'_>,
    expected: Expected,
    marked: MarkedWrite,
) -> Result<Conditional> {
    atomic.write_if(key.as_borrowed(), expected, marked.entry().value, marked.options()).await
}

/// Checks that `outcome` is a conflict and that entry and version of `key` are as `before`.
async fn check_conflict(
    scope: &Scope,
    atomic: &dyn AtomicKv,
    key: &Key<'_>,
    before: (MarkedWrite, Version),
    outcome: Result<Conditional>,
    why: &str,
) {
    assert_eq!(outcome.unwrap(), Conditional::Conflict, "{why}");
    scope.check(key, Some(&before.0.entry()), "a conflict leaves the entry as it was").await;
    assert_eq!(current_version(atomic, key).await, before.1, "a conflict leaves the version as it was");
}

/// `Expected::Absent` holds where there is no entry.
pub async fn write_if_absent_writes_a_new_key(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    let marked = MarkedWrite::new(1);
    applied(
        write_if(&*atomic, &key, Expected::Absent, marked).await,
        "`Absent` holds for a key never written",
    );
    scope
        .check(&key, Some(&marked.entry()), "a conditional write writes the whole entry, as a plain one does")
        .await;
    atomic.delete(&key).await.unwrap();
    applied(write_if(&*atomic, &key, Expected::Absent, marked).await, "`Absent` holds for a removed key");
    scope
        .check(&key, Some(&marked.entry()), "a conditional write writes the whole entry, as a plain one does")
        .await;
    scope.clean().await;
}

/// `Expected::Absent` does not hold where there is an entry, and the conflict leaves it as it was.
pub async fn write_if_absent_conflicts_with_an_entry(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    MarkedWrite::new(1).write(&atomic, &key).await.unwrap();
    let before = (MarkedWrite::new(1), current_version(&*atomic, &key).await);
    let outcome = write_if(&*atomic, &key, Expected::Absent, MarkedWrite::new(2)).await;
    check_conflict(&scope, &*atomic, &key, before, outcome, "`Absent` does not hold for an entry").await;
    scope.clean().await;
}

/// A write that expects the current version replaces value, metadata and expiry.
pub async fn write_if_of_the_right_version_replaces_the_entry(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    MarkedWrite::new(1).write(&atomic, &key).await.unwrap();
    for number in 2..5 {
        let expected = current_version(&*atomic, &key).await.into();
        let outcome = write_if(&*atomic, &key, expected, MarkedWrite::new(number)).await;
        applied(outcome, "a version holds until the next write");
        scope
            .check(
                &key,
                Some(&MarkedWrite::new(number).entry()),
                "a conditional write replaces the whole entry",
            )
            .await;
    }
    let expected = current_version(&*atomic, &key).await;
    applied(put_if(&*atomic, &key, expected, "bare").await, "a version holds until the next write");
    scope.check_value(&key, "bare", "a conditional write clears what it does not set").await;
    scope.clean().await;
}

/// A write that expects an older version is a conflict, even if the old value was written again.
pub async fn write_if_of_a_stale_version_conflicts(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    MarkedWrite::new(1).write(&atomic, &key).await.unwrap();
    let stale = current_version(&*atomic, &key).await;
    for number in [2, 1] {
        MarkedWrite::new(number).write(&atomic, &key).await.unwrap();
        let before = (MarkedWrite::new(number), current_version(&*atomic, &key).await);
        let outcome = write_if(&*atomic, &key, stale.into(), MarkedWrite::new(3)).await;
        check_conflict(&scope, &*atomic, &key, before, outcome, "a version holds until the next write").await;
    }
    scope.clean().await;
}

/// A write that expects a version is a conflict if the key is absent, and writes nothing.
pub async fn write_if_of_a_version_conflicts_with_absence(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    let never = scope.key("never");
    MarkedWrite::new(1).write(&atomic, &key).await.unwrap();
    let gone = current_version(&*atomic, &key).await;
    atomic.delete(&key).await.unwrap();
    for key in [&key, &never] {
        let outcome = write_if(&*atomic, key, gone.into(), MarkedWrite::new(2)).await;
        assert_eq!(outcome.unwrap(), Conditional::Conflict, "no version holds for an absent key");
        scope.check(key, None, "a conflict writes nothing").await;
    }
    scope.clean().await;
}

/// A removal that expects the current version removes the entry.
pub async fn remove_if_of_the_right_version_removes(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    for _ in 0..2 {
        MarkedWrite::new(1).write(&atomic, &key).await.unwrap();
        let expected = current_version(&*atomic, &key).await;
        applied(atomic.delete_if(&key, expected).await, "a version holds until the next write");
        scope.check(&key, None, "a conditional removal removes the entry").await;
    }
}

/// A removal that expects an older version is a conflict, and leaves the entry as it was.
pub async fn remove_if_of_a_stale_version_conflicts(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    MarkedWrite::new(1).write(&atomic, &key).await.unwrap();
    let stale = current_version(&*atomic, &key).await;
    MarkedWrite::new(2).write(&atomic, &key).await.unwrap();
    let before = (MarkedWrite::new(2), current_version(&*atomic, &key).await);
    let outcome = atomic.delete_if(&key, stale).await;
    check_conflict(&scope, &*atomic, &key, before, outcome, "a version holds until the next write").await;
    scope.clean().await;
}

/// A conditional removal of an absent key is a conflict, not an error.
pub async fn remove_if_conflicts_with_absence(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    let never = scope.key("never");
    MarkedWrite::new(1).write(&atomic, &key).await.unwrap();
    let expected = current_version(&*atomic, &key).await;
    applied(atomic.delete_if(&key, expected).await, "a version holds until the next write");
    for key in [&key, &never] {
        let outcome = atomic.delete_if(key, expected).await.unwrap();
        assert_eq!(outcome, Conditional::Conflict, "an absent key is a conflict");
    }
}

/// Runs the same conditional write 16 times concurrently and checks that exactly one is applied.
async fn check_race(subject: &Subject, scope: &Scope, key: &Key<'static>, expected: Expected) {
    let atomic = subject.atomic();
    let mut tasks = JoinSet::new();
    for task in 0..4 {
        let atomic = Arc::clone(&atomic);
        let key = key.clone();
        // Joined futures take turns at each await, tasks run in parallel: both kinds of race are met.
        tasks.spawn(async move {
            let writes = (0..4).map(|number| {
                let marked = MarkedWrite::new(task * 4 + number);
                let write = write_if(&*atomic, &key, expected, marked);
                async move { (write.await.unwrap(), marked) }
            });
            join_all(writes).await
        });
    }
    let mut outcomes = tasks.join_all().await.into_iter().flatten().collect::<Vec<_>>();
    outcomes.retain(|(outcome, _)| *outcome != Conditional::Conflict);
    assert_eq!(
        outcomes.len(),
        1,
        "exactly one of several conditional writes with the same expectation is applied"
    );
    let (outcome, winner) = outcomes[0];
    scope.check(key, Some(&winner.entry()), "the entry is that of the write that was applied").await;
    assert_eq!(outcome, Conditional::Applied(current_version(&*atomic, key).await));
}

/// Exactly one of several racing writes that expect no entry is applied.
pub async fn racing_writes_if_absent_have_one_winner(subject: &Subject) {
    let scope = Scope::new(subject);
    for name in ["a", "b", "c"] {
        check_race(subject, &scope, &scope.key(name), Expected::Absent).await;
    }
    scope.clean().await;
}

/// Exactly one of several racing writes that expect the same version is applied.
pub async fn racing_writes_if_version_have_one_winner(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let key = scope.key("a");
    MarkedWrite::new(100).write(&atomic, &key).await.unwrap();
    for _ in 0..3 {
        check_race(subject, &scope, &key, current_version(&*atomic, &key).await.into()).await;
    }
    scope.clean().await;
}

/// A dropped conditional write or removal is applied as a whole or not at all.
pub async fn dropped_conditional_write_leaves_a_whole_entry(subject: &Subject) {
    let scope = Scope::new(subject);
    let atomic = subject.atomic();
    let old = MarkedWrite::new(1);
    let new = MarkedWrite::new(2).with_size(100_000);
    for polls in 0..MAX_POLLS {
        let key = scope.key(&polls.to_string());
        old.write(&atomic, &key).await.unwrap();
        let expected = current_version(&*atomic, &key).await;
        poll_and_drop(write_if(&*atomic, &key, expected.into(), new), polls).await;
        assert_whole(atomic.get_with_metadata(&key).await.unwrap().as_ref(), &[Some(old), Some(new)]);
        poll_and_drop(atomic.delete_if(&key, expected), polls).await;
        assert_whole(atomic.get_with_metadata(&key).await.unwrap().as_ref(), &[Some(old), Some(new), None]);
    }
    scope.fill(["after"]).await;
    scope.clean().await;
}
