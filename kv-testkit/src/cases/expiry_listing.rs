//! Listings with expired entries among the live ones.

use kv_core::{PutEntry, prelude::KvNamespaceExt};

use crate::support::{
    expiry::{MINUTE, minute},
    scope::Scope,
    subject::Subject,
};

/// Writes `names`, each with a TTL of a minute.
async fn fill_for_a_minute(subject: &Subject, scope: &Scope, names: impl IntoIterator<Item = String>) {
    let entry = |name: String| PutEntry::new(scope.key(&name), "1").unwrap().with_options(minute());
    let report = subject.namespace().put_many(names.into_iter().map(entry)).await.unwrap();
    assert!(report.is_complete(), "a bulk write applies each of its entries: {report:?}");
}

/// A listing reaches a live entry behind any number of expired ones.
pub async fn many_expired_entries_hide_no_live_one(subject: &Subject) {
    let scope = Scope::new(subject);
    fill_for_a_minute(subject, &scope, (0..2_500).map(|number| format!("{number:04}"))).await;
    scope.fill(["1200-live", "live"]).await;
    subject.clock().advance(MINUTE);
    for limit in [1, 10, 1000] {
        let listed = scope.names(scope.pages_of(limit)).await;
        assert_eq!(
            listed,
            ["1200-live", "live"],
            "expired entries hide no live one, with {limit} keys per page"
        );
    }
    scope.clean().await;
}

/// A listing skips expired entries between live ones, wherever a page ends.
pub async fn expired_entries_among_live_ones_are_skipped(subject: &Subject) {
    let scope = Scope::new(subject);
    let live = scope.fill((0..10).map(|number| format!("{number}"))).await;
    let ended = (0..10).flat_map(|number| (0..number).map(move |ended| format!("{number}.{ended}")));
    fill_for_a_minute(subject, &scope, ended).await;
    subject.clock().advance(MINUTE);
    for limit in 1..=live.len() + 1 {
        let listed = scope.names(scope.pages_of(limit)).await;
        assert_eq!(listed, live, "a listing returns only live entries, with {limit} keys per page");
    }
    scope.clean().await;
}

/// A listing under way skips entries that have expired before their page, and lists the live ones.
pub async fn listing_goes_on_while_entries_expire(subject: &Subject) {
    let scope = Scope::new(subject);
    scope.fill(["a", "d", "h"]).await;
    fill_for_a_minute(subject, &scope, ["b", "c", "e", "g"].map(str::to_owned)).await;
    let (page, cursor) = scope.first_page(scope.pages_of(2)).await;
    let rest =
        ["a", "d", "h"].into_iter().filter(|name| page.keys.iter().all(|key| scope.name(key) != *name));
    let rest: Vec<_> = rest.collect();
    subject.clock().advance(MINUTE);
    for _ in 0..2 {
        let listed = scope.names(scope.pages_of(2).with_cursor(cursor.clone())).await;
        assert_eq!(listed, rest, "a page has every live entry and no expired one");
        subject.sweep().await;
    }
    scope.clean().await;
}

/// A cursor stays valid when the entry of its key expires and is swept.
pub async fn cursor_survives_the_expiry_of_its_key(subject: &Subject) {
    let scope = Scope::new(subject);
    fill_for_a_minute(subject, &scope, ["a", "b"].map(str::to_owned)).await;
    scope.fill(["c", "d"]).await;
    let (_, cursor) = scope.first_page(scope.pages_of(1)).await;
    subject.clock().advance(MINUTE);
    subject.sweep().await;
    let rest = scope.names(scope.pages_of(1).with_cursor(cursor)).await;
    assert_eq!(rest, ["c", "d"], "a cursor stays valid when the entry of its key expires");
    scope.clean().await;
}
