//! Namespaces of a store.

use std::collections::BTreeSet;

use kv_core::{ErrorKind, Jurisdiction, KvNamespace, ListOptions, NamespaceInfo, prelude::KvNamespaceExt};

use crate::support::{
    errors::assert_kind, odd_names::ODD_NAMES, scope::Scope, store_scope::StoreScope, subject::Subject,
};

/// A created namespace is listed once and known by its id, with its title.
pub async fn created_namespace_is_listed_and_known(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let (info, _) = scope.create("a").await;
    assert_eq!(info.title, scope.title("a"), "a namespace has the title that it was created with");
    assert_eq!(
        subject.store().namespace_info(&info.id).await.unwrap(),
        info,
        "a store knows a namespace by its id"
    );
    assert_eq!(scope.listed(&info.id).await, [info], "a store lists each namespace once");
    scope.clean().await;
}

/// A created namespace is empty and takes entries.
pub async fn created_namespace_is_empty(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let (_, namespace) = scope.create("a").await;
    let page = namespace.list_page(ListOptions::default()).await.unwrap();
    assert!(page.keys.is_empty(), "a new namespace is empty");
    let keys = Scope::within(&namespace);
    keys.fill(["a"]).await;
    keys.check_value(&keys.key("a"), "a", "a new namespace takes entries").await;
    keys.clean().await;
    scope.clean().await;
}

/// The same key in two namespaces stands for two entries.
pub async fn namespaces_keep_their_entries_apart(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let (_, a) = scope.create("a").await;
    let (_, b) = scope.create("b").await;
    let keys = Scope::within(&a);
    let key = keys.key("a");
    a.put(&key, "in a").await.unwrap();
    assert_eq!(b.get(&key).await.unwrap(), None, "a key of one namespace is absent in another");
    b.put(&key, "in b").await.unwrap();
    keys.check_value(&key, "in a", "a write in one namespace leaves the others").await;
    b.delete(&key).await.unwrap();
    keys.check_value(&key, "in a", "a removal in one namespace leaves the others").await;
    keys.clean().await;
    scope.clean().await;
}

/// Many namespaces live side by side, each with its own id, title and entries.
pub async fn many_namespaces_live_side_by_side(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let mut created = Vec::new();
    for number in 0..25 {
        let (info, namespace) = scope.create(&number.to_string()).await;
        namespace.put("number", number.to_string()).await.unwrap();
        created.push((info, namespace));
    }
    let ids: BTreeSet<_> = created.iter().map(|(info, _)| &info.id).collect();
    assert_eq!(ids.len(), created.len(), "no two namespaces have the same id");
    let listed = subject.store().list_namespaces().await.unwrap();
    for (number, (info, namespace)) in created.iter().enumerate() {
        let count = listed.iter().filter(|listed| *listed == info).count();
        assert_eq!(count, 1, "a store lists each namespace once");
        let value = namespace.get_json::<usize>("number").await.unwrap();
        assert_eq!(value, Some(number), "each namespace has its own entries");
    }
    scope.clean().await;
}

/// Every handle of a namespace sees the same entries.
pub async fn handles_of_one_namespace_share_it(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let (NamespaceInfo { id, .. }, first) = scope.create("a").await;
    let second = subject.store().namespace(&id);
    let keys = Scope::within(&second);
    first.put(&keys.key("a"), "1").await.unwrap();
    keys.check_value(&keys.key("a"), "1", "every handle of a namespace sees its entries").await;
    drop(first);
    keys.check_value(&keys.key("a"), "1", "dropping a handle removes nothing").await;
    second.delete(&keys.key("a")).await.unwrap();
    let third = subject.store().namespace(&id);
    assert_eq!(
        third.get(&keys.key("a")).await.unwrap(),
        None,
        "every handle of a namespace sees its removals"
    );
    scope.clean().await;
}

/// Odd text is taken literally as a whole key too.
pub async fn keys_need_no_prefix(subject: &Subject) {
    let store_scope = StoreScope::new(subject);
    let (_, namespace) = store_scope.create("a").await;
    let alone = Subject::new(namespace);
    let scope = Scope::new(&alone);
    let keys: Vec<_> = ODD_NAMES.iter().map(|odd| scope.own((*odd).to_owned())).collect();
    scope.check_keys(&keys, "every text of 1 to 512 bytes is a key, except `.` and `..`").await;
    let listed = scope.list(ListOptions::default()).await;
    assert_eq!(listed.len(), ODD_NAMES.len(), "a namespace lists the keys that were written and no others");
    scope.clean().await;
    store_scope.clean().await;
}

/// The empty prefix lists the whole namespace, from its first key to its last.
pub async fn empty_prefix_lists_the_whole_namespace(subject: &Subject) {
    let store_scope = StoreScope::new(subject);
    let (_, namespace) = store_scope.create("a").await;
    let scope = Scope::within(&namespace);
    let texts = ["\0", "a", "z", "\u{10ffff}", "\u{10ffff}\u{10ffff}"];
    for text in texts {
        namespace.put(scope.own(text.to_owned()), text).await.unwrap();
    }
    for limit in [1, 2, 5, 1000] {
        let listed = scope.list(ListOptions::default().with_limit(limit).unwrap()).await;
        let listed: Vec<_> = listed.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(listed, texts, "the empty prefix lists the whole namespace, with {limit} keys per page");
    }
    scope.clean().await;
    store_scope.clean().await;
}

/// A store keeps the jurisdiction of a namespace, through a rename too, or rejects it with `Unsupported`.
pub async fn jurisdiction_is_kept_or_rejected(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let store = subject.store();
    let (without, _) = scope.create("without").await;
    assert_eq!(without.jurisdiction, None, "a namespace that was created without a jurisdiction has none");
    for jurisdiction in Jurisdiction::ALL {
        let created = match scope.try_create_in(scope.title(jurisdiction.as_str()), jurisdiction).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => continue,
            created => created.unwrap(),
        };
        let kept = "a namespace keeps the jurisdiction that it was created in";
        assert_eq!(created.jurisdiction, Some(jurisdiction), "{kept}");
        assert_eq!(store.namespace_info(&created.id).await.unwrap(), created, "{kept}");
        let title = scope.title(&format!("{jurisdiction} renamed"));
        let renamed = store.rename_namespace(&created.id, title).await.unwrap();
        assert_eq!(renamed.jurisdiction, Some(jurisdiction), "{kept}");
        assert_eq!(scope.listed(&created.id).await, [renamed], "{kept}");
    }
    scope.clean().await;
}

/// Every operation of a closed store fails with `Closed`, through any handle; closing it again succeeds.
pub async fn closed_store_answers_closed(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let store = subject.store();
    // An existing namespace is preferred, since a closed store cannot delete a new one.
    let id = match store.list_namespaces().await.unwrap().into_iter().next() {
        Some(info) => info.id,
        None => scope.create("a").await.0.id,
    };
    let before = store.namespace(&id);
    let key = Scope::within(&before).key("never-written");
    assert_eq!(before.get(&key).await.unwrap(), None, "a key that was never written reads as `None`");
    store.check_ready().await.expect("a store that answers is ready");
    for _ in 0..2 {
        store.close().await.expect("a store that is closed may be closed again");
    }
    let why = "every operation of a closed store is `Closed`";
    for namespace in [before, store.namespace(&id)] {
        assert_kind(namespace.get(&key).await, ErrorKind::Closed, why);
        assert_kind(namespace.get_many([&key]).await, ErrorKind::Closed, why);
        assert_kind(namespace.list_page(ListOptions::default()).await, ErrorKind::Closed, why);
        assert_kind(namespace.delete(&key).await, ErrorKind::Closed, why);
    }
    let unknown = StoreScope::unknown_id();
    assert_kind(store.create_namespace(scope.title("b")).await, ErrorKind::Closed, why);
    assert_kind(store.check_ready().await, ErrorKind::Closed, why);
    assert_kind(store.list_namespaces().await, ErrorKind::Closed, why);
    assert_kind(store.namespace_info(&id).await, ErrorKind::Closed, why);
    assert_kind(store.rename_namespace(&unknown, scope.title("b")).await, ErrorKind::Closed, why);
    assert_kind(store.delete_namespace(&unknown).await, ErrorKind::Closed, why);
}
