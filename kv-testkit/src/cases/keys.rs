//! Texts of keys.

use std::collections::BTreeSet;

use kv_core::limits;

use crate::support::{odd_names::ODD_NAMES, scope::Scope, subject::Subject};

async fn check_names(subject: &Subject, names: &[&str], why: &str) {
    let scope = Scope::new(subject);
    let keys: Vec<_> = names.iter().map(|name| scope.key(name)).collect();
    scope.check_keys(&keys, why).await;
    let sorted: Vec<&str> = names.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    assert_eq!(scope.names(scope.prefix("")).await, sorted, "{why} (all of them, listed)");
    scope.clean().await;
}

/// Any text can be in a key, comes back as it was given, and makes a key of its own.
pub async fn odd_text_in_a_key_is_taken_literally(subject: &Subject) {
    check_names(subject, ODD_NAMES, "keys differ if their bytes differ, and come back as they were given")
        .await;
}

/// The start of a key is taken literally too: a slash, dots, a space, a NUL.
pub async fn odd_text_at_the_start_of_a_key_is_taken_literally(subject: &Subject) {
    let scope = Scope::new(subject);
    let keys: Vec<_> = ODD_NAMES.iter().map(|odd| scope.own([odd, scope.id()].concat())).collect();
    scope.check_keys(&keys, "a key comes back as it was given, including its start").await;
    scope.clean().await;
}

/// Each of the 128 ASCII characters may be in a key.
pub async fn every_ascii_character_may_be_in_a_key(subject: &Subject) {
    let scope = Scope::new(subject);
    let names = scope.fill((0..128_u8).map(|character| char::from(character).to_string())).await;
    assert_eq!(scope.names(scope.prefix("")).await, names, "each ASCII character makes a key of its own");
    for name in names {
        scope.check_value(&scope.key(&name), &name, "each ASCII character makes a key of its own").await;
    }
    scope.clean().await;
}

/// Keys are not decoded, as URLs or as forms.
pub async fn keys_are_not_decoded(subject: &Subject) {
    let names =
        ["a/b", "a%2Fb", "a%2fb", "a%252Fb", "a b", "a+b", "a%20b", "a%2Bb", "%", "%25", "%zz", "&amp;", "&"];
    check_names(subject, &names, "a key is not decoded").await;
}

/// Keys are not trimmed.
pub async fn keys_are_not_trimmed(subject: &Subject) {
    let names = ["", "a", " a", "a ", "a\n", "a\t", "a\r\n", "a\0", "a\0b", "\u{feff}a", "a/", "/a", "a."];
    check_names(subject, &names, "a key is not trimmed or truncated").await;
}

/// Keys that differ only in case are different keys.
pub async fn keys_are_case_sensitive(subject: &Subject) {
    let names =
        ["straße", "STRASSE", "Strasse", "strasse", "k", "K", "\u{212a}", "i", "I", "\u{130}", "\u{131}"];
    check_names(subject, &names, "keys are case-sensitive").await;
}

/// Keys that look the same but have different bytes are different keys.
pub async fn keys_are_not_normalised(subject: &Subject) {
    let names =
        ["é", "e\u{301}", "\u{212b}", "\u{c5}", "A\u{30a}", "\u{fb01}", "fi", "\u{ac00}", "\u{1100}\u{1161}"];
    check_names(subject, &names, "a key is not normalised").await;
}

/// Keys of 512 bytes are kept whole, and their last byte counts.
pub async fn longest_keys_round_trip(subject: &Subject) {
    let scope = Scope::new(subject);
    let free = limits::MAX_KEY_BYTES - scope.id().len();
    let ascii = "x".repeat(free - 1);
    let wide = "/".repeat(free % 2) + &"é".repeat(free / 2 - 1);
    let names =
        [ascii.clone() + "1", ascii.clone() + "2", ascii, wide.clone() + "é", wide.clone() + "è", wide];
    let keys: Vec<_> = names.iter().map(|name| scope.key(name)).collect();
    assert_eq!(keys.iter().filter(|key| key.len() == limits::MAX_KEY_BYTES).count(), 4);
    scope.check_keys(&keys, "keys of up to 512 bytes round-trip, and every byte counts").await;
    scope.clean().await;
}
