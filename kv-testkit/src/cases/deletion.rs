//! Deleted and unknown namespaces of a store.

use std::sync::Arc;

use futures_util::TryStreamExt;
use kv_core::{
    AtomicKvExt, ErrorKind, Expected, GetOptions, KvNamespace, ListOptions, PutEntry, Version,
    prelude::KvNamespaceExt,
};

use crate::support::{
    errors::assert_kind, scope::Scope, store_scope::StoreScope, subject::Subject, versions::put_if,
};

const GONE: ErrorKind = ErrorKind::NamespaceNotFound;

/// Checks that every operation of the handle fails with `NamespaceNotFound`.
async fn check_gone(namespace: &Arc<dyn KvNamespace>, why: &str) {
    let keys = Scope::within(namespace);
    let key = keys.key("a");
    assert_kind(namespace.get(&key).await, GONE, &format!("{why} (read)"));
    assert_kind(namespace.get_with_metadata(&key).await, GONE, &format!("{why} (read, with metadata)"));
    assert_kind(namespace.put(&key, "1").await, GONE, &format!("{why} (write)"));
    assert_kind(namespace.delete(&key).await, GONE, &format!("{why} (remove)"));
    assert_kind(namespace.list_page(ListOptions::default()).await, GONE, &format!("{why} (list_page)"));
    assert_kind(namespace.list(keys.id()).try_next().await, GONE, &format!("{why} (list)"));
    let read = namespace.read_many(vec![key.clone(); 2], GetOptions::default()).await;
    assert_kind(read, GONE, &format!("{why} (read_many)"));
    let entries = [PutEntry::new(&key, "1").unwrap(), PutEntry::new(&key, "2").unwrap()];
    let reports = [namespace.put_many(entries).await, namespace.delete_many([&key, &key]).await];
    for (report, operation) in reports.into_iter().zip(["write_many", "remove_many"]) {
        match report {
            // A bulk call fails as a whole if nothing was attempted, or reports each failure.
            Err(error) => assert_eq!(error.kind(), GONE, "{why} ({operation})"),
            Ok(report) => {
                let kinds: Vec<_> = report.failed.iter().map(|failure| failure.error.kind()).collect();
                assert_eq!((report.succeeded, kinds), (0, vec![GONE; 2]), "{why} ({operation})");
            }
        }
    }
    if let Some(atomic) = Arc::clone(namespace).into_atomic() {
        assert_kind(atomic.get_versioned(&key).await, GONE, &format!("{why} (read_versioned)"));
        let written = put_if(&*atomic, &key, Expected::Absent, "1").await;
        assert_kind(written, GONE, &format!("{why} (write_if)"));
        assert_kind(atomic.delete_if(&key, Version::new(1)).await, GONE, &format!("{why} (remove_if)"));
    }
}

/// The store's own calls fail with `NamespaceNotFound` for an unknown id.
pub async fn unknown_id_is_namespace_not_found(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let store = subject.store();
    let id = StoreScope::unknown_id();
    assert_kind(store.namespace_info(&id).await, GONE, "an unknown id is `NamespaceNotFound`");
    assert_kind(
        store.rename_namespace(&id, scope.title("a")).await,
        GONE,
        "an unknown id is `NamespaceNotFound`",
    );
    assert_kind(store.delete_namespace(&id).await, GONE, "an unknown id is `NamespaceNotFound`");
    assert_eq!(scope.listed(&id).await, [], "a failed call creates nothing");
}

/// A handle to an unknown id can be made, and each of its operations fails.
pub async fn unknown_id_fails_every_operation(subject: &Subject) {
    let namespace = subject.store().namespace(&StoreScope::unknown_id());
    check_gone(&namespace, "a handle to an unknown id is `NamespaceNotFound` at its first operation").await;
}

/// A deleted namespace is unknown to the store: it is not listed and cannot be renamed or deleted.
pub async fn deleted_namespace_is_unknown(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let store = subject.store();
    let (info, _) = scope.create("a").await;
    let (other, in_other) = scope.create("b").await;
    in_other.put("key", "value").await.unwrap();
    store.delete_namespace(&info.id).await.unwrap();
    assert_kind(store.namespace_info(&info.id).await, GONE, "a deleted namespace is unknown");
    assert_kind(
        store.rename_namespace(&info.id, scope.title("c")).await,
        GONE,
        "a deleted namespace is unknown",
    );
    assert_kind(store.delete_namespace(&info.id).await, GONE, "a deleted namespace cannot be deleted again");
    assert_eq!(scope.listed(&info.id).await, [], "a deleted namespace is not listed");
    assert_eq!(scope.listed(&other.id).await, [other], "deleting a namespace leaves the others listed");
    assert_eq!(
        in_other.get_text("key").await.unwrap().as_deref(),
        Some("value"),
        "deleting a namespace leaves the entries of the others"
    );
    scope.clean().await;
}

/// Every operation of a deleted namespace fails, through handles from before the deletion and from after it.
pub async fn deleted_namespace_fails_every_operation(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let (info, before) = scope.create("a").await;
    let also_before = subject.store().namespace(&info.id);
    Scope::within(&before).fill(["a", "b"]).await;
    subject.store().delete_namespace(&info.id).await.unwrap();
    for namespace in [before, also_before, subject.store().namespace(&info.id)] {
        check_gone(&namespace, "every operation of a deleted namespace is `NamespaceNotFound`").await;
    }
    scope.clean().await;
}

/// The next page of a listing under way fails when the namespace was deleted.
pub async fn deletion_ends_a_listing_under_way(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let (info, namespace) = scope.create("a").await;
    let keys = Scope::within(&namespace);
    keys.fill((0..9).map(|number| number.to_string())).await;
    let mut stream = Arc::clone(&namespace).into_list(keys.pages_of(2));
    assert!(stream.try_next().await.unwrap().is_some(), "a listing returns its first key");
    let page = namespace.list_page(keys.pages_of(2)).await.unwrap();
    subject.store().delete_namespace(&info.id).await.unwrap();
    let next = namespace.list_page(keys.pages_of(2).with_cursor(page.next)).await;
    assert_kind(next, GONE, "a page of a deleted namespace is `NamespaceNotFound`");
    let rest: Result<Vec<_>, _> = stream.try_collect().await;
    assert_kind(rest, GONE, "a list stream of a deleted namespace ends with `NamespaceNotFound`");
    scope.clean().await;
}

/// A namespace that is created under the title of a deleted one is new and empty.
pub async fn title_of_a_deleted_namespace_can_be_used_again(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let (first, in_first) = scope.create("a").await;
    in_first.put("key", "first").await.unwrap();
    subject.store().delete_namespace(&first.id).await.unwrap();
    let (second, in_second) = scope.create("a").await;
    assert_ne!(first.id, second.id, "the id of a namespace is never used again");
    assert_eq!(in_second.get("key").await.unwrap(), None, "a namespace that is created again is empty");
    in_second.put("key", "second").await.unwrap();
    check_gone(&in_first, "a handle belongs to its namespace and does not follow the title").await;
    let value = in_second.get_text("key").await.unwrap();
    assert_eq!(value.as_deref(), Some("second"), "handles of the deleted namespace do not reach the new one");
    scope.clean().await;
}
