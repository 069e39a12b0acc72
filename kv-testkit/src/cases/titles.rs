//! Titles of namespaces.

use futures_util::future::join_all;
use kv_core::{ErrorKind, NamespaceTitle, limits, prelude::KvNamespaceExt};

use crate::support::{errors::assert_kind, scope::Scope, store_scope::StoreScope, subject::Subject};

/// A title in use is rejected with `NamespaceExists`, and the first namespace stays as it is.
pub async fn title_in_use_is_rejected(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let (info, namespace) = scope.create("a").await;
    namespace.put("key", "value").await.unwrap();
    let rejected = scope.try_create(scope.title("a")).await;
    assert_kind(rejected, ErrorKind::NamespaceExists, "a title is unique in its store");
    assert_eq!(scope.listed(&info.id).await, [info], "a rejected creation changes nothing");
    assert_eq!(
        namespace.get_text("key").await.unwrap().as_deref(),
        Some("value"),
        "a rejected creation changes nothing"
    );
    scope.clean().await;
}

/// Exactly one of several racing creations of one title succeeds.
pub async fn racing_creations_of_a_title_have_one_winner(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let outcomes = join_all((0..6).map(|_| scope.try_create(scope.title("a")))).await;
    let (created, rejected): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(created.len(), 1, "a title is unique in its store");
    for rejected in rejected {
        assert_kind(rejected, ErrorKind::NamespaceExists, "a title is unique in its store");
    }
    scope.clean().await;
}

/// A rename changes only the title: the id, the entries and the handles stay valid.
pub async fn rename_keeps_id_entries_and_handles(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let (info, namespace) = scope.create("old").await;
    let keys = Scope::within(&namespace);
    keys.fill(["a"]).await;
    let renamed = subject.store().rename_namespace(&info.id, scope.title("new")).await.unwrap();
    assert_eq!(
        (&renamed.id, &renamed.title),
        (&info.id, &scope.title("new")),
        "a rename returns the new title"
    );
    assert_eq!(
        subject.store().namespace_info(&info.id).await.unwrap(),
        renamed,
        "a rename changes the title"
    );
    assert_eq!(
        scope.listed(&info.id).await,
        [renamed],
        "a renamed namespace is listed once, under the new title"
    );
    keys.check_value(&keys.key("a"), "a", "a rename keeps the entries and the handles").await;
    keys.fill(["b"]).await;
    let again = Scope::within(&subject.store().namespace(&info.id));
    again.check_value(&keys.key("b"), "b", "a rename keeps the entries and the handles").await;
    keys.clean().await;
    scope.clean().await;
}

/// A rename to the namespace's own title succeeds and changes nothing.
pub async fn rename_to_the_own_title_succeeds(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let (info, _) = scope.create("a").await;
    for _ in 0..2 {
        let renamed = subject.store().rename_namespace(&info.id, scope.title("a")).await.unwrap();
        assert_eq!(renamed, info, "a rename to the namespace's own title changes nothing");
    }
    scope.clean().await;
}

/// A rename to the title of another namespace is rejected, and both stay as they are.
pub async fn rename_to_a_title_in_use_changes_nothing(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let (a, in_a) = scope.create("a").await;
    let (b, in_b) = scope.create("b").await;
    in_a.put("key", "a").await.unwrap();
    in_b.put("key", "b").await.unwrap();
    let rejected = subject.store().rename_namespace(&a.id, scope.title("b")).await;
    assert_kind(rejected, ErrorKind::NamespaceExists, "a title is unique in its store");
    for (info, namespace, value) in [(a, in_a, "a"), (b, in_b, "b")] {
        let known = subject.store().namespace_info(&info.id).await.unwrap();
        assert_eq!(known, info, "a rejected rename changes nothing");
        let read = namespace.get_text("key").await.unwrap();
        assert_eq!(read.as_deref(), Some(value), "a rejected rename changes nothing");
    }
    scope.clean().await;
}

/// The old title of a renamed namespace is free for another one.
pub async fn old_title_is_free_after_a_rename(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let (first, in_first) = scope.create("old").await;
    in_first.put("key", "first").await.unwrap();
    subject.store().rename_namespace(&first.id, scope.title("new")).await.unwrap();
    let (second, in_second) = scope.create("old").await;
    assert_ne!(first.id, second.id, "no two namespaces have the same id");
    assert_eq!(
        in_second.get("key").await.unwrap(),
        None,
        "a new namespace is empty, even under a title that was used before"
    );
    assert_eq!(
        in_first.get_text("key").await.unwrap().as_deref(),
        Some("first"),
        "a renamed namespace keeps its entries"
    );
    scope.clean().await;
}

/// A title of 512 characters, of any width, is kept as it is.
pub async fn longest_title_round_trips(subject: &Subject) {
    let scope = StoreScope::new(subject);
    let random = scope.title(" / % \" é\n").as_str().to_owned();
    let wide = "\u{1f600}".repeat(limits::MAX_NAMESPACE_TITLE_CHARS - random.chars().count());
    let title = NamespaceTitle::new(random + &wide).expect("512 characters are a valid title");
    let info = scope.try_create(title.clone()).await.unwrap();
    assert_eq!(info.title, title, "a title of 512 characters round-trips");
    assert_eq!(scope.listed(&info.id).await, [info], "a title of 512 characters round-trips");
    scope.clean().await;
}
