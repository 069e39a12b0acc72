//! Pages and cursors of listings.

use kv_core::{Cursor, ErrorKind, KvNamespace, ListOptions, prelude::KvNamespaceExt};

use crate::support::{errors::assert_kind, scope::Scope, subject::Subject};

/// A page holds at most its limit of keys, down to a limit of 1.
pub async fn page_holds_at_most_its_limit(subject: &Subject) {
    let scope = Scope::new(subject);
    scope.fill(["a", "b", "c", "d"]).await;
    for limit in 1..4 {
        let page = subject.namespace().list_page(scope.pages_of(limit)).await.unwrap();
        assert!(
            page.keys.len() <= limit,
            "a page holds at most its limit: {} keys (limit {limit})",
            page.keys.len()
        );
        assert!(page.next.is_some(), "a page with keys behind it has a cursor");
    }
    scope.clean().await;
}

/// The pages of a listing hold the same keys with every limit, including divisors of the number of keys.
pub async fn listing_is_the_same_with_every_limit(subject: &Subject) {
    let scope = Scope::new(subject);
    let names = scope.fill((0..12).map(|number| format!("{number:02}"))).await;
    for limit in (1..=names.len() + 1).chain([1000]) {
        let listed = scope.names(scope.pages_of(limit)).await;
        assert_eq!(listed, names, "every key is on exactly one page, with a limit of {limit}");
    }
    scope.clean().await;
}

/// A listing of more than 1,000 keys, the most that a page holds, is complete.
pub async fn more_keys_than_a_page_holds_are_all_listed(subject: &Subject) {
    let scope = Scope::new(subject);
    let names = scope.fill((0..1_050).map(|number| format!("{number:04}"))).await;
    for limit in [1000, 175] {
        let listed = scope.names(scope.pages_of(limit)).await;
        assert_eq!(listed.len(), names.len(), "a listing of more than 1,000 keys is complete");
        assert!(listed == names, "a listing of more than 1,000 keys is complete");
    }
    scope.clean().await;
}

/// A cursor works with another limit than that of its page.
pub async fn cursor_works_with_another_limit(subject: &Subject) {
    let scope = Scope::new(subject);
    let names = scope.fill(["a", "b", "c", "d", "e", "f", "g"]).await;
    let (page, cursor) = scope.first_page(scope.pages_of(2)).await;
    let mut listed: Vec<_> = page.keys.iter().map(|key| scope.name(key)).collect();
    listed.extend(scope.names(scope.pages_of(3).with_cursor(cursor)).await);
    assert_eq!(listed, names, "a cursor does not depend on the limit");
    scope.clean().await;
}

/// A cursor that is used twice continues twice with the same keys.
pub async fn cursor_may_be_used_twice(subject: &Subject) {
    let scope = Scope::new(subject);
    let names = scope.fill(["a", "b", "c", "d"]).await;
    let (page, cursor) = scope.first_page(scope.pages_of(2)).await;
    for _ in 0..2 {
        let rest = scope.names(scope.pages_of(2).with_cursor(cursor.clone())).await;
        assert_eq!(rest, names[page.keys.len()..], "a listing may be repeated from its cursor");
    }
    scope.clean().await;
}

/// A cursor survives a round trip as text.
pub async fn cursor_survives_as_text(subject: &Subject) {
    let scope = Scope::new(subject);
    let names = scope.fill(["é\0\n", "%2F", "\u{1f600}", "z"]).await;
    let mut options = scope.pages_of(1);
    let mut listed = Vec::new();
    // Empty pages may lie between.
    for _ in 0..100 {
        let page = subject.namespace().list_page(options.clone()).await.unwrap();
        listed.extend(page.keys.iter().map(|key| scope.name(key)));
        let Some(next) = page.next else { break };
        let sent: Cursor = next.as_str().parse().expect("the text of a cursor parses as a cursor");
        options = options.with_cursor(sent);
    }
    assert_eq!(listed, names, "a cursor continues after a round trip as text");
    scope.clean().await;
}

/// A cursor is rejected with another prefix than its own.
pub async fn cursor_of_another_prefix_is_rejected(subject: &Subject) {
    let scope = Scope::new(subject);
    scope.fill(["a1", "a2", "a3", "b1", "b2"]).await;
    let options = ListOptions::from(scope.prefix("a")).with_limit(1).unwrap();
    let (_, cursor) = scope.first_page(options).await;
    for prefix in ["", "b", "a1", "A"] {
        let other = ListOptions::from(scope.prefix(prefix)).with_cursor(cursor.clone());
        let page = subject.namespace().list_page(other).await;
        assert_kind(page, ErrorKind::InvalidInput, "a cursor is rejected with another prefix");
    }
    scope.clean().await;
}

/// A cursor with altered text is rejected, or does not parse in the first place.
pub async fn altered_cursor_is_rejected(subject: &Subject) {
    let scope = Scope::new(subject);
    scope.fill(["a", "b", "c"]).await;
    let (_, cursor) = scope.first_page(scope.pages_of(1)).await;
    let text = cursor.as_str();
    let altered = [text.to_owned() + "AAAA", text[..text.len() - 4].to_owned(), "AQ".to_owned() + text];
    for text in altered {
        if let Ok(cursor) = text.parse::<Cursor>() {
            let page = subject.namespace().list_page(scope.pages_of(1).with_cursor(cursor)).await;
            assert_kind(page, ErrorKind::InvalidInput, "an altered cursor is rejected");
        }
    }
    scope.clean().await;
}

/// A cursor of another backend may be rejected or not, and the namespace still works.
pub async fn foreign_cursor_does_no_harm(subject: &Subject) {
    let scope = Scope::new(subject);
    let names = scope.fill(["a", "b", "c"]).await;
    let long = "x".repeat(2_000);
    for token in ["", "0", "{}", "\0", "\u{10ffff}", "../", &long] {
        let cursor = Cursor::issue(&scope.prefix(""), token);
        if let Ok(page) = subject.namespace().list_page(scope.pages_of(2).with_cursor(cursor)).await {
            assert!(
                page.keys.iter().all(|key| names.contains(&scope.name(key))),
                "a page holds only keys with its prefix"
            );
        }
    }
    let values = subject.namespace().get_many(names.iter().map(|name| scope.key(name))).await.unwrap();
    assert!(values.iter().all(Option::is_some), "a foreign cursor removes nothing");
    assert_eq!(scope.names(scope.pages_of(2)).await, names, "a foreign cursor leaves the namespace working");
    scope.clean().await;
}
