//! Removed keys.

use kv_core::prelude::KvNamespaceExt;

use crate::support::{marked_write::MarkedWrite, odd_names::ODD_NAMES, scope::Scope, subject::Subject};

/// A removed key is absent for every way of reading, and is not listed.
pub async fn removed_key_is_absent(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    scope.fill(["b", "c"]).await;
    MarkedWrite::new(1).write(subject.namespace(), &key).await.unwrap();
    subject.namespace().delete(&key).await.unwrap();
    scope.check(&key, None, "a removed key reads as `None`").await;
    assert_eq!(scope.names(scope.pages_of(1)).await, ["b", "c"], "a removed key is not listed");
    scope.clean().await;
}

/// A removed key can be written again, and the new entry keeps nothing of the old one.
pub async fn removed_key_can_be_written_again(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    for _ in 0..3 {
        MarkedWrite::new(1).write(kv, &key).await.unwrap();
        kv.delete(&key).await.unwrap();
        kv.put(&key, "again").await.unwrap();
        scope
            .check_value(&key, "again", "an entry that is written again keeps nothing of the removed one")
            .await;
    }
    scope.clean().await;
}

/// A bulk removal removes its keys and no others.
pub async fn remove_many_removes_every_key(subject: &Subject) {
    let scope = Scope::new(subject);
    scope.fill(["a", "aa", "b", "c"]).await;
    let report = subject.namespace().delete_many(["a", "b"].map(|name| scope.key(name))).await.unwrap();
    assert_eq!(report.into_result().unwrap(), 2);
    for name in ["a", "b"] {
        scope.check(&scope.key(name), None, "a bulk removal removes each of its keys").await;
    }
    assert_eq!(scope.names(scope.prefix("")).await, ["aa", "c"], "a bulk removal removes no other keys");
    scope.clean().await;
}

/// Removing a key leaves keys that look like it.
pub async fn remove_leaves_similar_keys(subject: &Subject) {
    let scope = Scope::new(subject);
    let mut names = scope.fill(ODD_NAMES).await;
    for removed in ["%", "a/../b", "%2F", "+", "A", "é", "__proto__", "\0", "*", "1"] {
        subject.namespace().delete(&scope.key(removed)).await.unwrap();
        names.retain(|name| name != removed);
        let left = scope.names(scope.prefix("")).await;
        assert_eq!(left, names, "removing {removed:?} removes no other key");
    }
    scope.clean().await;
}
