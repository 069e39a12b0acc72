//! Overwritten keys.

use std::{sync::Arc, time::Duration};

use kv_core::{
    Expiration, GetOptions, InvalidInput, Metadata, PutEntry, PutOptions, Timestamp, Value, limits,
    prelude::KvNamespaceExt,
};
use tokio::task::JoinSet;

use crate::support::{
    marked_write::{MarkedWrite, assert_whole},
    scope::Scope,
    subject::Subject,
};

/// A write replaces the value.
pub async fn overwrite_replaces_the_value(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    for value in ["first", "second", "", "third"] {
        subject.namespace().put(&key, value).await.unwrap();
        scope.check_value(&key, value, "a write replaces the value").await;
    }
    scope.clean().await;
}

/// Writes an entry with metadata and an expiry, then one with `options`, and checks that nothing of the first
/// is left.
async fn check_overwrite(subject: &Subject, options: PutOptions, why: &str) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    MarkedWrite::new(1).write(kv, &key).await.unwrap();
    scope.check(&key, Some(&MarkedWrite::new(1).entry()), "a write sets value, metadata and expiry").await;
    kv.put_with(&key, "new", options.clone()).await.unwrap();
    let mut entry = kv.get_with_metadata(&key).await.unwrap().unwrap();
    assert_eq!(entry.metadata, options.metadata, "{why}");
    // No TTL is used here, so the time at which it would be resolved does not matter.
    assert_eq!(entry.expires_at, options.expires_at(Timestamp::EPOCH), "{why}");
    entry.value = Value::from_static(b"new");
    scope.check(&key, Some(&entry), why).await;
    scope.clean().await;
}

/// A write without metadata clears the old metadata, even if it sets an expiration.
pub async fn overwrite_clears_the_metadata(subject: &Subject) {
    check_overwrite(subject, PutOptions::default(), "a write clears what it does not set").await;
    let expiration = PutOptions::from(MarkedWrite::new(2).options().expiration);
    check_overwrite(subject, expiration, "a write that sets only the expiration clears the metadata").await;
}

/// A write without an expiration clears the old one, even if it sets metadata.
pub async fn overwrite_clears_the_expiration(subject: &Subject) {
    check_overwrite(subject, PutOptions::default(), "a write clears what it does not set").await;
    let metadata = PutOptions::from(Metadata::new("new").unwrap());
    check_overwrite(subject, metadata, "a write that sets only the metadata clears the expiration").await;
}

/// A write with metadata and an expiration replaces both.
pub async fn overwrite_replaces_metadata_and_expiration(subject: &Subject) {
    check_overwrite(
        subject,
        MarkedWrite::new(2).options(),
        "a write replaces value, metadata and expiry together",
    )
    .await;
}

/// A bulk write replaces whole entries, as single writes do.
pub async fn write_many_replaces_whole_entries(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let a = scope.key("a");
    let b = scope.key("b");
    for key in [&a, &b] {
        MarkedWrite::new(1).write(kv, key).await.unwrap();
    }
    let report =
        kv.put_many([PutEntry::new(&a, "bare").unwrap(), MarkedWrite::new(2).put(&b)]).await.unwrap();
    assert_eq!(report.into_result().unwrap(), 2);
    scope.check_value(&a, "bare", "a bulk write clears what it does not set").await;
    scope.check(&b, Some(&MarkedWrite::new(2).entry()), "a bulk write replaces whole entries").await;
    scope.clean().await;
}

/// A small value replaces a large one and a large value a small one, and no byte of the old one is left.
pub async fn large_and_small_values_replace_each_other(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    for (number, size) in [(1, 3_000_000), (2, 10), (3, 100_000), (4, 0), (5, 1_000_000)] {
        let marked = MarkedWrite::new(number).with_size(size);
        marked.write(subject.namespace(), &key).await.unwrap();
        scope.check(&key, Some(&marked.entry()), "a value replaces one of another size").await;
    }
    scope.clean().await;
}

/// A rejected put leaves the old entry.
pub async fn rejected_put_leaves_the_old_entry(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    MarkedWrite::new(1).write(kv, &key).await.unwrap();
    assert!(
        kv.put(&key, vec![0; limits::MAX_VALUE_BYTES + 1]).await.is_err(),
        "a too long value is rejected"
    );
    assert!(kv.put(key.as_str().repeat(16), "x").await.is_err(), "a too long key is rejected");
    let metadata = Metadata::new(&"x".repeat(limits::MAX_METADATA_BYTES));
    assert_eq!(metadata, Err(InvalidInput::MetadataTooLong { len: 1026 }), "too long metadata is rejected");
    let expiration = Expiration::after(Duration::from_secs(59));
    assert_eq!(
        expiration,
        Err(InvalidInput::ExpirationTtlTooShort { seconds: 59 }),
        "a TTL of 59 s is rejected"
    );
    scope.check(&key, Some(&MarkedWrite::new(1).entry()), "a rejected write leaves the old entry").await;
    scope.clean().await;
}

/// Writes and removals may be repeated.
pub async fn repeated_calls_have_the_same_effect(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    for _ in 0..2 {
        for _ in 0..2 {
            MarkedWrite::new(1).write(kv, &key).await.unwrap();
            scope.check(&key, Some(&MarkedWrite::new(1).entry()), "a write may be repeated").await;
        }
        for _ in 0..2 {
            kv.delete(&key).await.unwrap();
            scope.check(&key, None, "a removal may be repeated").await;
        }
    }
}

/// The last of several writes wins.
pub async fn last_write_wins(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    for number in 0..20 {
        MarkedWrite::new(number).write(kv, &key).await.unwrap();
        assert_eq!(
            kv.get_with_metadata(&key).await.unwrap(),
            Some(MarkedWrite::new(number).entry()),
            "a read sees the write that was answered before it"
        );
    }
    scope.clean().await;
}

/// Concurrent writes of one key leave the value, metadata and expiry of one of them.
pub async fn concurrent_writes_leave_a_whole_entry(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    let writes: Vec<_> = (0..8).map(|number| MarkedWrite::new(number).with_size(10_000)).collect();
    for _ in 0..4 {
        let mut tasks = JoinSet::new();
        for marked in writes.clone() {
            let kv = Arc::clone(subject.namespace());
            let key = key.clone();
            tasks.spawn(async move { marked.write(&kv, &key).await.unwrap() });
        }
        tasks.join_all().await;
        let found = subject.namespace().get_with_metadata(&key).await.unwrap();
        let writes: Vec<_> = writes.iter().copied().map(Some).collect();
        assert_whole(found.as_ref(), &writes);
        scope.check(&key, found.as_ref(), "after concurrent writes every way of reading agrees").await;
    }
    scope.clean().await;
}

/// A read that is concurrent with writes sees one of them as a whole.
pub async fn concurrent_reads_see_whole_entries(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    let writes: Vec<_> = (0..4).map(|number| MarkedWrite::new(number).with_size(5_000)).collect();
    writes[0].write(subject.namespace(), &key).await.unwrap();
    let mut tasks = JoinSet::new();
    for marked in writes.clone() {
        let kv = Arc::clone(subject.namespace());
        let key = key.clone();
        tasks.spawn(async move {
            for _ in 0..10 {
                marked.write(&kv, &key).await.unwrap();
            }
        });
    }
    let whole: Vec<_> = writes.into_iter().map(Some).collect();
    let options = GetOptions::default().with_metadata(true);
    while !tasks.is_empty() {
        for found in subject.namespace().read_many(vec![key.clone(), key.clone()], options).await.unwrap() {
            assert_whole(found.as_ref(), &whole);
        }
        assert_whole(subject.namespace().get_with_metadata(&key).await.unwrap().as_ref(), &whole);
        while let Some(done) = tasks.try_join_next() {
            done.unwrap();
        }
    }
    scope.clean().await;
}
