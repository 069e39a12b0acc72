//! Fuzz target for the parsers of kv-core: accepted text keeps the limits, and cursors keep their token.
#![no_main]

use std::ops::{Bound, RangeBounds};

use kv_core::{Cursor, Key, ListOptions, Metadata, NamespaceId, NamespaceTitle, Prefix};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(key) = Key::new(text) {
        assert_eq!(key.as_str(), text);
        assert!((1..=512).contains(&text.len()) && text != "." && text != "..");
    }
    if let Ok(metadata) = Metadata::parse(text) {
        check_metadata(&metadata, text);
    }
    if let Ok(title) = NamespaceTitle::new(text) {
        assert!((1..=512).contains(&title.as_str().chars().count()));
    }
    if let Ok(id) = NamespaceId::new(text) {
        assert!((1..=32).contains(&id.as_str().chars().count()));
    }
    let middle = (0..=text.len() / 2).rev().find(|index| text.is_char_boundary(*index)).unwrap_or_default();
    let (first, rest) = text.split_at(middle);
    if let (Ok(prefix), Ok(key)) = (Prefix::new(first), Key::new(rest)) {
        check_range(&prefix, &key);
        check_range(&prefix, &Key::new(text.to_owned()).unwrap_or(key.clone()));
    }
    check_cursor(first, rest);
    check_cursor("", text);
});

fn check_metadata(metadata: &Metadata, text: &str) {
    assert!(metadata.as_str().len() <= 1_024);
    assert_eq!(Metadata::parse(metadata.as_str()).as_ref(), Ok(metadata), "parsing again changes nothing");
    // serde_json parses numbers as floats and rejects those too large for one; metadata keeps the digits.
    let value = |text| serde_json::from_str::<serde_json::Value>(text).ok();
    assert_eq!(value(metadata.as_str()), value(text), "only white space is removed");
}

/// Checks that a key is in the range of a prefix exactly if it starts with it.
fn check_range(prefix: &Prefix, key: &Key<'_>) {
    let options = ListOptions::from(prefix.clone());
    let range = options.key_range().unwrap();
    let is_in_range = range.is_some_and(|range| {
        let end = range.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        RangeBounds::<str>::contains(&(range.start, end), key.as_str())
    });
    assert_eq!(is_in_range, key.as_str().starts_with(prefix.as_str()));
}

/// Checks that a parsed cursor is either rejected or has the token that was issued for this prefix.
fn check_cursor(prefix: &str, text: &str) {
    let Ok(prefix) = Prefix::new(prefix) else { return };
    if let Ok(cursor) = text.parse::<Cursor>() {
        let options = ListOptions::from(prefix.clone()).with_cursor(cursor.clone());
        if let Ok(Some(token)) = options.start() {
            assert_eq!(Cursor::issue(&prefix, token), cursor);
        }
        _ = options.key_range();
    }
    let issued = Cursor::issue(&prefix, text);
    let sent: Cursor = issued.as_str().parse().unwrap();
    assert_eq!(ListOptions::from(prefix).with_cursor(sent).start(), Ok(Some(text)));
}
