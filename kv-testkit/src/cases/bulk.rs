//! Bulk calls.

use kv_core::{GetOptions, PutEntry, prelude::KvNamespaceExt};

use crate::support::{marked_write::MarkedWrite, scope::Scope, subject::Subject};

/// A bulk read answers in the order of its keys: duplicates each time, absent keys with `None`.
pub async fn read_many_keeps_order_duplicates_and_absences(subject: &Subject) {
    let scope = Scope::new(subject);
    scope.fill(["a", "b", "c"]).await;
    let asked = ["c", "absent", "a", "c", "c", "absent", "b", "a"];
    let values = subject.namespace().get_many(asked.map(|name| scope.key(name))).await.unwrap();
    let expected = asked.map(|name| (name != "absent").then_some(name.as_bytes()));
    let read: Vec<_> = values.iter().map(Option::as_deref).collect();
    assert_eq!(read, expected, "a bulk read answers in the order of its keys");
    scope.clean().await;
}

/// An empty bulk call does nothing and succeeds.
pub async fn empty_bulk_calls_succeed(subject: &Subject) {
    let kv = subject.namespace();
    assert_eq!(kv.read_many(Vec::new(), GetOptions::default()).await.unwrap(), []);
    for report in [kv.write_many(Vec::new()).await, kv.remove_many(Vec::new()).await] {
        assert_eq!(report.unwrap().into_result().unwrap(), 0, "an empty bulk call succeeds and counts 0");
    }
}

/// A bulk write writes each of its entries and counts them.
pub async fn write_many_writes_and_counts_every_entry(subject: &Subject) {
    let scope = Scope::new(subject);
    let names = scope.fill(["", "/", "a", "b", "é"]).await;
    for name in &names {
        scope.check_value(&scope.key(name), name, "a bulk write writes each of its entries").await;
    }
    scope.clean().await;
}

/// In a bulk write, the last entry of equal keys wins, and each counts as applied.
pub async fn last_of_equal_keys_wins(subject: &Subject) {
    let scope = Scope::new(subject);
    let a = scope.key("a");
    let b = scope.key("b");
    let entries = [
        MarkedWrite::new(1).put(&a),
        MarkedWrite::new(2).put(&b),
        MarkedWrite::new(3).put(&a),
        MarkedWrite::new(4).put(&b),
    ];
    let last = PutEntry::new(&b, "last").unwrap();
    let report = subject.namespace().put_many(entries.into_iter().chain([last])).await.unwrap();
    assert_eq!(report.into_result().unwrap(), 5, "an entry that a later one replaces counts as applied");
    scope
        .check(&a, Some(&MarkedWrite::new(3).entry()), "the last entry of equal keys wins, as a whole")
        .await;
    scope.check_value(&b, "last", "the last entry of equal keys wins, as a whole").await;
    scope.clean().await;
}

/// Each entry of a bulk write has its own metadata and expiration, or none.
pub async fn write_many_sets_the_options_of_each_entry(subject: &Subject) {
    let scope = Scope::new(subject);
    let a = scope.key("a");
    let b = scope.key("b");
    let c = scope.key("c");
    let entries =
        [MarkedWrite::new(1).put(&a), PutEntry::new(&b, "bare").unwrap(), MarkedWrite::new(2).put(&c)];
    let report = subject.namespace().put_many(entries).await.unwrap();
    assert_eq!(report.into_result().unwrap(), 3);
    for (key, marked) in [(&a, MarkedWrite::new(1)), (&c, MarkedWrite::new(2))] {
        scope.check(key, Some(&marked.entry()), "each entry of a bulk write has its own options").await;
    }
    scope.check_value(&b, "bare", "an entry of a bulk write without options has none").await;
    scope.clean().await;
}

/// A bulk removal counts absent keys and duplicates as removed.
pub async fn remove_many_counts_absent_keys_as_removed(subject: &Subject) {
    let scope = Scope::new(subject);
    scope.fill(["a"]).await;
    let keys = ["absent", "a", "a", "absent"].map(|name| scope.key(name));
    let report = subject.namespace().delete_many(keys).await.unwrap();
    assert!(report.is_complete(), "removing an absent key succeeds: {report:?}");
    assert_eq!(report.succeeded, 4, "each key of a bulk removal counts");
    scope.clean().await;
}

/// A bulk call takes any number of keys: a backend with a limited wire splits it.
pub async fn bulk_calls_take_any_number_of_keys(subject: &Subject) {
    let scope = Scope::new(subject);
    let names = scope.fill((0..1_050).map(|number| format!("{number:04}"))).await;
    let keys: Vec<_> = names.iter().map(|name| scope.key(name)).collect();
    let values = subject.namespace().get_many(&keys).await.unwrap();
    let read: Vec<_> = values.iter().map(Option::as_deref).collect();
    let written: Vec<_> = names.iter().map(|name| Some(name.as_bytes())).collect();
    assert!(read == written, "a bulk read of 1,050 keys answers each of them in order");
    let report = subject.namespace().delete_many(&keys).await.unwrap();
    assert_eq!(report.into_result().unwrap(), keys.len(), "a bulk removal of 1,050 keys removes all of them");
}
