//! Futures that are dropped before they are done.

use std::sync::Arc;

use kv_core::{GetOptions, KvNamespace, ListOptions, prelude::KvNamespaceExt};
use tokio::task::JoinSet;

use crate::support::{
    marked_write::{MarkedWrite, assert_whole},
    polling::{MAX_POLLS, poll_and_drop},
    scope::Scope,
    subject::Subject,
};

/// Writes `old` and drops a write of `new` after 0, 1, 2 and more polls.
async fn check_dropped_write(subject: &Subject, old: Option<MarkedWrite>, new: MarkedWrite) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    for polls in 0..MAX_POLLS {
        // A dropped write may be applied later, so each round has a key of its own.
        let key = scope.key(&polls.to_string());
        if let Some(old) = old {
            old.write(kv, &key).await.unwrap();
        }
        let written = poll_and_drop(new.write(kv, &key), polls).await;
        let found = kv.get_with_metadata(&key).await.unwrap();
        match written {
            Some(written) => {
                written.unwrap();
                scope.check(&key, Some(&new.entry()), "a write that was answered is visible").await;
            }
            None => assert_whole(found.as_ref(), &[old, Some(new)]),
        }
        for info in scope.list(ListOptions::from(scope.prefix(&polls.to_string()))).await {
            let writes = [old, Some(new)].into_iter().flatten().map(MarkedWrite::entry);
            let mut whole = writes.map(|entry| (entry.metadata, entry.expires_at));
            assert!(
                whole.any(|whole| whole == (info.metadata.clone(), info.expires_at)),
                "a listing never mixes metadata and expiry of two writes"
            );
        }
    }
    scope.fill(["after"]).await;
    scope.check_value(&scope.key("after"), "after", "the namespace still works after dropped writes").await;
    scope.clean().await;
}

/// A dropped write leaves the old entry or makes the new one, never a mixture.
pub async fn dropped_write_leaves_a_whole_entry(subject: &Subject) {
    check_dropped_write(subject, Some(MarkedWrite::new(1)), MarkedWrite::new(2)).await;
    check_dropped_write(
        subject,
        Some(MarkedWrite::new(1).with_size(5_000)),
        MarkedWrite::new(2).with_size(0),
    )
    .await;
}

/// A dropped write of a large value leaves the old entry or makes the new one.
pub async fn dropped_write_of_a_large_value_leaves_a_whole_entry(subject: &Subject) {
    check_dropped_write(
        subject,
        Some(MarkedWrite::new(1).with_size(700_000)),
        MarkedWrite::new(2).with_size(900_000),
    )
    .await;
}

/// A dropped write of a key that is absent leaves it absent or makes the entry.
pub async fn dropped_first_write_leaves_a_whole_entry_or_none(subject: &Subject) {
    check_dropped_write(subject, None, MarkedWrite::new(2)).await;
}

/// A dropped bulk write may apply some of its entries, each as a whole.
pub async fn dropped_bulk_write_leaves_whole_entries(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let writes = [1, 2, 3].map(MarkedWrite::new);
    for polls in 0..MAX_POLLS {
        let keys = ["a", "b", "c"].map(|name| scope.key(&format!("{polls}{name}")));
        for key in &keys {
            writes[0].write(kv, key).await.unwrap();
        }
        let entries = keys.iter().flat_map(|key| [writes[1].put(key), writes[2].put(key)]);
        poll_and_drop(kv.put_many(entries), polls).await;
        for key in &keys {
            assert_whole(kv.get_with_metadata(key).await.unwrap().as_ref(), &writes.map(Some));
        }
    }
    scope.fill(["after"]).await;
    scope.clean().await;
}

/// A dropped removal leaves the entry or removes it.
pub async fn dropped_remove_leaves_a_whole_entry_or_none(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let marked = MarkedWrite::new(1);
    for polls in 0..MAX_POLLS {
        let a = scope.key(&format!("{polls}a"));
        let b = scope.key(&format!("{polls}b"));
        for key in [&a, &b] {
            marked.write(kv, key).await.unwrap();
        }
        poll_and_drop(kv.delete(&a), polls).await;
        poll_and_drop(kv.delete_many([&b]), polls).await;
        for key in [&a, &b] {
            assert_whole(kv.get_with_metadata(key).await.unwrap().as_ref(), &[Some(marked), None]);
        }
    }
    scope.fill(["after"]).await;
    scope.clean().await;
}

/// Dropped reads and listings change nothing, and the namespace still works.
pub async fn dropped_reads_change_nothing(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    let marked = MarkedWrite::new(1).with_size(400_000);
    marked.write(kv, &key).await.unwrap();
    for polls in 0..MAX_POLLS {
        poll_and_drop(kv.get(&key), polls).await;
        poll_and_drop(kv.read_many(vec![key.clone(); 3], GetOptions::default()), polls).await;
        poll_and_drop(kv.list_page(scope.pages_of(1)), polls).await;
    }
    scope.check(&key, Some(&marked.entry()), "dropped reads change nothing").await;
    scope.clean().await;
}

/// Many tasks that drop writes of one key leave a whole entry or none, and reads see nothing else.
pub async fn many_dropped_writes_leave_a_whole_entry(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    let writes: Vec<_> = (0..6).map(|number| MarkedWrite::new(number).with_size(2_000)).collect();
    let whole: Vec<_> = writes.iter().copied().map(Some).chain([None]).collect();
    let mut tasks = JoinSet::new();
    for (task, marked) in writes.into_iter().enumerate() {
        let kv = Arc::clone(kv);
        let key = key.clone();
        let whole = whole.clone();
        tasks.spawn(async move {
            for round in 0..12 {
                poll_and_drop(marked.write(&kv, &key), (task + round) % 4).await;
                assert_whole(kv.get_with_metadata(&key).await.unwrap().as_ref(), &whole);
                poll_and_drop(kv.put_many([marked.put(&key)]), (task + round) % 3).await;
                poll_and_drop(kv.delete(&key), round % 2).await;
            }
        });
    }
    tasks.join_all().await;
    assert_whole(kv.get_with_metadata(&key).await.unwrap().as_ref(), &whole);
    scope.fill(["after"]).await;
    scope.check_value(&scope.key("after"), "after", "the namespace still works after dropped writes").await;
    scope.clean().await;
}
