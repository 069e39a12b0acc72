//! Listings while keys are written and removed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use kv_core::{Cursor, prelude::KvNamespaceExt};
use tokio::task::yield_now;

use crate::support::{scope::Scope, subject::Subject};

/// Writes `b`, `d`, `f`, `h`. Returns the names on the first page, which holds one key, and its cursor.
async fn under_way(scope: &Scope) -> (Vec<String>, Cursor) {
    scope.fill(["b", "d", "f", "h"]).await;
    let (page, cursor) = scope.first_page(scope.pages_of(1)).await;
    (page.keys.iter().map(|key| scope.name(key)).collect(), cursor)
}

/// A cursor stays valid when its own key is removed.
pub async fn cursor_survives_the_removal_of_its_key(subject: &Subject) {
    let scope = Scope::new(subject);
    let (listed, cursor) = under_way(&scope).await;
    assert_eq!(listed, ["b"], "a page with a limit of 1 holds the first key");
    subject.namespace().delete(&scope.key("b")).await.unwrap();
    let rest = scope.names(scope.pages_of(1).with_cursor(cursor)).await;
    assert_eq!(rest, ["d", "f", "h"], "a cursor stays valid when its own key is removed");
    scope.clean().await;
}

/// A cursor stays valid when keys before and behind it are removed.
pub async fn cursor_survives_removals_around_it(subject: &Subject) {
    let scope = Scope::new(subject);
    let (_, cursor) = under_way(&scope).await;
    for name in ["b", "d", "h"] {
        subject.namespace().delete(&scope.key(name)).await.unwrap();
    }
    let rest = scope.names(scope.pages_of(1).with_cursor(cursor)).await;
    assert!(rest.contains(&"f".to_owned()), "a key that exists throughout a listing is in it");
    assert!(!rest.contains(&"b".to_owned()), "a listing does not go back behind its cursor");
    scope.clean().await;
}

/// A cursor stays valid when keys are written before it, at it and behind it.
pub async fn cursor_survives_writes_around_it(subject: &Subject) {
    let scope = Scope::new(subject);
    let (_, cursor) = under_way(&scope).await;
    scope.fill(["a", "b", "c", "e", "i"]).await;
    let mut rest = scope.names(scope.pages_of(1).with_cursor(cursor)).await;
    assert!(!rest.contains(&"a".to_owned()), "a listing does not go back behind its cursor");
    // Keys that were written meanwhile may be listed or not.
    rest.retain(|name| !["c", "e", "i"].contains(&name.as_str()));
    assert_eq!(rest, ["d", "f", "h"], "keys that exist throughout a listing are in it, each once");
    scope.clean().await;
}

/// A listing ends if every key is removed before its next page.
pub async fn listing_ends_when_every_key_is_removed(subject: &Subject) {
    let scope = Scope::new(subject);
    let (_, cursor) = under_way(&scope).await;
    let keys = ["b", "d", "f", "h"].map(|name| scope.key(name));
    subject.namespace().delete_many(keys).await.unwrap().into_result().unwrap();
    for options in [scope.pages_of(1).with_cursor(cursor), scope.pages_of(1)] {
        assert_eq!(scope.names(options).await, Vec::<String>::new(), "removed keys are not listed");
    }
}

/// A listing with concurrent writers has every key that exists throughout, once.
pub async fn listing_beside_writers_has_every_lasting_key_once(subject: &Subject) {
    let scope = Scope::new(subject);
    let lasting = scope.fill((0..40).map(|number| format!("{number:02}"))).await;
    let passing: Vec<_> = lasting.iter().map(|name| scope.key(&(name.clone() + "-"))).collect();
    let ended = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let kv = Arc::clone(subject.namespace());
        let ended = Arc::clone(&ended);
        async move {
            for key in passing.iter().cycle() {
                if ended.load(Ordering::Relaxed) {
                    break;
                }
                kv.put(key, "passing").await.unwrap();
                kv.put(&key.as_str()[..key.len() - 1], "lasting").await.unwrap();
                kv.delete(key).await.unwrap();
                // On a backend that never waits, the task could not be stopped otherwise.
                yield_now().await;
            }
        }
    });
    for limit in [1, 3, 7, 40] {
        let mut listed = scope.names(scope.pages_of(limit)).await;
        listed.retain(|name| !name.ends_with('-'));
        assert_eq!(listed, lasting, "keys that exist throughout a listing are in it, each once");
    }
    ended.store(true, Ordering::Relaxed);
    writer.await.unwrap();
    scope.clean().await;
}
