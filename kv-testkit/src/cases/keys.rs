//! The text of a key.

use std::collections::BTreeSet;

use kv_core::{Key, KvNamespaceExt, limits};

use crate::support::{scope::Scope, subject::Subject};

/// Text that somebody on the way to the data may take for something else.
#[rustfmt::skip]
pub(super) const ODD: &[&str] = &[
    "/", "//", "./", "../x", "a/../b", "a/./b", "a//b", "...", "\\", "%", "%%", "%2F", "%2f", "%25", "%zz", "%00", "+",
    "a+b c", "a%2Bb%20c", "?#&=", ";,:@$!", "'", "\"", "`", "<>", "{}", "[]", "|", "^~", "*", "_", "$1", "${a}", " ",
    "  ", "\t", "\n", "\r\n", "\0", "\0\0", "\u{1b}[0m", "\u{7f}", "\u{85}", "\u{a0}", "\u{2028}", "\u{200b}",
    "\u{feff}", "\u{fffd}", "\u{ffee}", "\u{d7ff}", "\u{e000}", "\u{10ffff}", "\u{1f600}", "\u{202e}", "é",
    "e\u{301}", "__proto__", "constructor", "null", "undefined", "0", "1", "01", "-1", "1e3", "true", "CON", "a", "A",
    "ß", "ss", "\u{131}", "\u{130}", "k", "\u{212a}",
];

/// Writes each key with itself as its value, then checks that each is there, and listed as it was given.
pub(super) async fn check_keys(subject: &Subject, scope: &Scope, keys: &[Key<'static>], why: &str) {
    for key in keys {
        subject.namespace().put(key, key.as_str()).await.unwrap();
    }
    for key in keys {
        scope.check_value(key, key.as_str(), why).await;
    }
}

async fn check_names(subject: &Subject, names: &[&str], why: &str) {
    let scope = Scope::new(subject);
    let keys: Vec<_> = names.iter().map(|name| scope.key(name)).collect();
    check_keys(subject, &scope, &keys, why).await;
    let sorted: Vec<&str> = names.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    assert_eq!(scope.names(scope.prefix("")).await, sorted, "{why} (all of them, listed)");
    scope.clean().await;
}

/// Every text is a key and comes back as it was given, and two texts are two keys.
pub async fn odd_text_in_a_key_is_taken_literally(subject: &Subject) {
    check_names(subject, ODD, "keys differ if their bytes differ, and come back as they were given").await;
}

/// What starts a key is taken literally too: a slash, dots, a space, a NUL.
pub async fn odd_text_at_the_start_of_a_key_is_taken_literally(subject: &Subject) {
    let scope = Scope::new(subject);
    let keys: Vec<_> = ODD.iter().map(|odd| scope.own([odd, scope.id()].concat())).collect();
    check_keys(subject, &scope, &keys, "a key comes back as it was given, its start too").await;
    scope.clean().await;
}

/// Each of the 128 characters of ASCII is one that a key may hold.
pub async fn every_ascii_character_may_be_in_a_key(subject: &Subject) {
    let scope = Scope::new(subject);
    let names = scope.fill((0..128_u8).map(|character| char::from(character).to_string())).await;
    assert_eq!(scope.names(scope.prefix("")).await, names, "each character of ASCII makes a key of its own");
    for name in names {
        scope.check_value(&scope.key(&name), &name, "each character of ASCII makes a key of its own").await;
    }
    scope.clean().await;
}

/// Keys are not decoded, neither as URLs nor as forms.
pub async fn keys_are_not_decoded(subject: &Subject) {
    let names =
        ["a/b", "a%2Fb", "a%2fb", "a%252Fb", "a b", "a+b", "a%20b", "a%2Bb", "%", "%25", "%zz", "&amp;", "&"];
    check_names(subject, &names, "a key is not decoded").await;
}

/// Keys are not trimmed.
pub async fn keys_are_not_trimmed(subject: &Subject) {
    let names = ["", "a", " a", "a ", "a\n", "a\t", "a\r\n", "a\0", "a\0b", "\u{feff}a", "a/", "/a", "a."];
    check_names(subject, &names, "a key is not trimmed or cut").await;
}

/// Keys that differ in case differ.
pub async fn keys_are_not_folded(subject: &Subject) {
    let names =
        ["straße", "STRASSE", "Strasse", "strasse", "k", "K", "\u{212a}", "i", "I", "\u{130}", "\u{131}"];
    check_names(subject, &names, "a key's case is part of it").await;
}

/// Keys that look the same but have other bytes differ.
pub async fn keys_are_not_normalised(subject: &Subject) {
    let names =
        ["é", "e\u{301}", "\u{212b}", "\u{c5}", "A\u{30a}", "\u{fb01}", "fi", "\u{ac00}", "\u{1100}\u{1161}"];
    check_names(subject, &names, "a key is not normalised").await;
}

/// Keys of 512 bytes are whole keys, and their last byte counts.
pub async fn longest_keys_round_trip(subject: &Subject) {
    let scope = Scope::new(subject);
    let free = limits::MAX_KEY_BYTES - scope.id().len();
    let ascii = "x".repeat(free - 1);
    let wide = "/".repeat(free % 2) + &"é".repeat(free / 2 - 1);
    let names =
        [ascii.clone() + "1", ascii.clone() + "2", ascii, wide.clone() + "é", wide.clone() + "è", wide];
    let keys: Vec<_> = names.iter().map(|name| scope.key(name)).collect();
    assert_eq!(keys.iter().filter(|key| key.len() == limits::MAX_KEY_BYTES).count(), 4);
    check_keys(subject, &scope, &keys, "keys of up to 512 bytes round-trip, and every byte counts").await;
    scope.clean().await;
}
