//! Order and prefixes of listings.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt};
use kv_core::{Entry, KvNamespace, ListOptions, Value, limits, prelude::KvNamespaceExt};

use crate::support::{marked_write::MarkedWrite, odd_names::ODD_NAMES, scope::Scope, subject::Subject};

/// Writes `names` and checks that each of `prefixes` lists those of them that start with it.
async fn check_prefixes(subject: &Subject, names: &[&str], prefixes: &[&str], why: &str) {
    let scope = Scope::new(subject);
    let names = scope.fill(names).await;
    for prefix in prefixes {
        let expected: Vec<_> = names.iter().filter(|name| name.starts_with(prefix)).cloned().collect();
        assert_eq!(scope.names(scope.prefix(prefix)).await, expected, "{why} (the prefix is {prefix:?})");
    }
    scope.clean().await;
}

/// Keys are listed in ascending order of their UTF-8 bytes, not in that of UTF-16 or of a language.
pub async fn keys_are_listed_in_byte_order(subject: &Subject) {
    let names = [
        "\u{1f600}",
        "\u{ffee}",
        "\u{10ffff}",
        "\u{e000}",
        "\u{d7ff}",
        "\u{7f}",
        "\u{80}",
        "z",
        "a",
        "Z",
        "A",
        "é",
        "e",
        "f",
        "_",
        "-",
        "10",
        "9",
        "1",
        "\0",
        " ",
        "ä",
        "ß",
        "\u{1}",
    ];
    let scope = Scope::new(subject);
    let sorted = scope.fill(names).await;
    assert_eq!(
        scope.names(scope.prefix("")).await,
        sorted,
        "keys are listed in ascending order of their bytes"
    );
    scope.clean().await;
}

/// A key is listed before longer keys that start with it.
pub async fn key_is_listed_before_longer_keys_that_start_with_it(subject: &Subject) {
    let names = ["", "a", "a\0", "a\0b", "a ", "a/", "a/b", "aa", "ab", "a\u{10ffff}", "b"];
    check_prefixes(
        subject,
        &names,
        &["", "a", "a\0", "a/", "aa"],
        "a key is listed before longer keys that start with it",
    )
    .await;
}

/// A prefix is literal text, not a pattern.
pub async fn prefix_is_literal(subject: &Subject) {
    let names: Vec<&str> =
        ODD_NAMES.iter().copied().chain(["%a", "aa", "ab", "a%", "a_b", "a.b", "axb", "[a]", "?a"]).collect();
    let prefixes =
        ["%", "_", "*", ".", "?", "[", "[a", "\\", "a%", "a_", "a.", "a?", "^", "$", "(", "'", "\"", "\0"];
    check_prefixes(subject, &names, &prefixes, "a prefix is literal").await;
}

/// A prefix that is a whole key lists that key too.
pub async fn prefix_may_be_a_whole_key(subject: &Subject) {
    check_prefixes(subject, &["a", "ab", "b"], &["a", "ab", "abc"], "a key starts with itself").await;
}

/// A slash is a plain character: a listing returns every key that starts with the prefix, at any depth.
pub async fn slash_in_a_prefix_is_a_plain_character(subject: &Subject) {
    let names = ["a", "a/", "a//b", "a/b", "a/b/c", "a/b/c/d", "ab/c"];
    check_prefixes(subject, &names, &["", "a", "a/", "a/b", "a/b/", "/"], "a slash is a plain character")
        .await;
}

/// Prefixes are case-sensitive.
pub async fn prefix_is_case_sensitive(subject: &Subject) {
    let names = ["user", "User", "USER", "é", "É"];
    check_prefixes(subject, &names, &["u", "U", "US", "uS", "é", "É"], "prefixes are case-sensitive").await;
}

/// A prefix may end in U+10FFFF, which no character follows.
pub async fn prefix_may_end_in_the_last_character(subject: &Subject) {
    let names = ["a", "a\u{10fffe}", "a\u{10ffff}", "a\u{10ffff}b", "a\u{10ffff}\u{10ffff}", "b"];
    let prefixes = ["a\u{10ffff}", "a\u{10ffff}\u{10ffff}", "a\u{10fffe}", "a"];
    check_prefixes(subject, &names, &prefixes, "a prefix may end in the last character").await;
}

/// A prefix may end in U+D7FF, which is followed by the surrogates.
pub async fn prefix_may_end_before_the_surrogates(subject: &Subject) {
    let names =
        ["a\u{d7fe}", "a\u{d7ff}", "a\u{d7ff}\0", "a\u{d7ff}\u{10ffff}", "a\u{e000}", "a\u{ffff}", "b"];
    let prefixes = ["a\u{d7ff}", "a\u{d7fe}", "a\u{e000}", "a\u{ffff}", "a"];
    check_prefixes(subject, &names, &prefixes, "a prefix may end right before the surrogates").await;
}

/// A prefix of 512 bytes lists the key that equals it.
pub async fn longest_prefix_lists_its_key(subject: &Subject) {
    let scope = Scope::new(subject);
    let name = "x".repeat(limits::MAX_PREFIX_BYTES - scope.id().len());
    scope.fill([&name[1..], &name]).await;
    assert_eq!(scope.names(scope.prefix(&name)).await, [name], "a prefix may be as long as a key");
    scope.clean().await;
}

/// The empty prefix lists every key.
pub async fn empty_prefix_lists_every_key(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.own(["\0", scope.id()].concat());
    scope.check_keys(std::slice::from_ref(&key), "a key may start with NUL").await;
    let page = subject.namespace().list_page(ListOptions::default()).await.unwrap();
    assert!(page.keys.is_sorted_by(|a, b| a.name < b.name), "keys come in ascending order of their bytes");
    let listed = page.keys.iter().any(|info| info.name == key);
    let follows = page.next.is_some() && page.keys.last().is_none_or(|last| last.name < key);
    assert!(listed || follows, "the empty prefix lists every key");
    scope.clean().await;
}

/// A listing without a key is empty and complete.
pub async fn empty_listing_is_complete(subject: &Subject) {
    let scope = Scope::new(subject);
    scope.fill(["a", "c"]).await;
    for prefix in ["b", "aa", "\0", "\u{10ffff}"] {
        assert_eq!(
            scope.names(scope.prefix(prefix)).await,
            Vec::<String>::new(),
            "no key has the prefix {prefix:?}"
        );
    }
    scope.clean().await;
}

/// A listing returns metadata and `expires_at` of each key that has them.
pub async fn listing_has_metadata_and_expiry(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let writes = [1, 2, 3].map(MarkedWrite::new);
    for (marked, name) in writes.iter().zip(["a", "b", "c"]) {
        marked.write(kv, &scope.key(name)).await.unwrap();
    }
    kv.put(&scope.key("d"), "bare").await.unwrap();
    let expected = writes.map(MarkedWrite::entry).into_iter().chain([Entry::new(Value::default())]);
    for (info, entry) in scope.list(scope.pages_of(2)).await.into_iter().zip(expected) {
        assert_eq!(info.metadata, entry.metadata, "a listing returns the metadata of each key");
        assert_eq!(info.expires_at, entry.expires_at, "a listing returns the `expires_at` of each key");
    }
    scope.clean().await;
}

/// `list` returns every key of every page, once.
pub async fn list_stream_gives_every_key_once(subject: &Subject) {
    let scope = Scope::new(subject);
    let names = scope.fill((0..20).map(|number| format!("{number:02}"))).await;
    for limit in [1, 3, 20, 1000] {
        // One key more than there are shows a stream that does not end.
        let keys = subject.namespace().list(scope.pages_of(limit)).take(names.len() + 1);
        let listed: Vec<_> = keys.map_ok(|key| scope.name(&key)).try_collect().await.unwrap();
        assert_eq!(listed, names, "a list stream returns every key once, with {limit} keys per page");
    }
    scope.clean().await;
}

/// `into_list` owns the namespace and runs in a task of its own.
pub async fn into_list_outlives_its_caller(subject: &Subject) {
    let scope = Scope::new(subject);
    let names = scope.fill(["a", "b", "c"]).await;
    let keys = {
        let namespace = Arc::clone(subject.namespace());
        namespace.into_list(scope.pages_of(2))
    };
    let listed: Vec<_> = tokio::spawn(keys.take(4).try_collect()).await.unwrap().unwrap();
    let listed: Vec<_> = listed.iter().map(|key| scope.name(key)).collect();
    assert_eq!(listed, names, "an owned list stream returns what a borrowed one returns");
    scope.clean().await;
}
