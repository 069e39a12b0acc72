//! Strategies of [`proptest`](crate::proptest) for the types of the contract.
//!
//! Every generated input is valid, except some of [`texts`]. Inputs shrink towards the plainest of their
//! kind.
//!
//! ```
//! use kv_core::Key;
//! use kv_testkit::{proptest::prelude::*, strategies};
//!
//! proptest!(|(key in strategies::keys())| prop_assert!(Key::new(key).is_ok()));
//! ```

use std::time::Duration;

use kv_core::{Expiration, Metadata, PutOptions, Value, limits};
use proptest::{collection, option, prelude::*, sample::select};
use serde_json::Value as Json;

/// Keys that most operations use: few, so that operations of one sequence meet on them.
const COMMON_KEYS: [&str; 4] = ["a", "b", "a/b", "ab"];

/// Keys that some layer on the way may take for syntax, and neighbours in the byte order of UTF-8.
const ODD_KEYS: [&str; 30] = [
    "A",
    "a/",
    "a/b/c",
    "/",
    "//",
    "%",
    "%2F",
    "%zz",
    "_",
    "*",
    "a+b c",
    "?#&=",
    " ",
    "\0",
    "a\0",
    "\n",
    "\t\r",
    "...",
    "./",
    "../x",
    "0",
    "__proto__",
    "\"'`",
    "\\",
    "é",
    "e\u{301}",
    "\u{feff}x",
    "\u{ffee}",
    "😀",
    "\u{10ffff}",
];

/// Returns keys: ordinary, odd (`/`, `%`, `+`, NUL, a newline, an emoji) and long (up to 512 bytes), from a
/// small pool, so that operations meet on them.
pub fn keys() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(&COMMON_KEYS[..]).prop_map(str::to_owned),
        3 => select(&ODD_KEYS[..]).prop_map(str::to_owned),
        1 => select(long_keys()),
    ]
}

fn long_keys() -> Vec<String> {
    let max = limits::MAX_KEY_BYTES;
    vec!["k".repeat(max), "k".repeat(max - 1), "é".repeat(max / 2), "k".repeat(max - 4) + "😀"]
}

/// Returns any text, most of it of a length around `limit` bytes, and reserved names: for properties of
/// constructors, which reject some of it.
pub fn texts(limit: usize) -> impl Strategy<Value = String> {
    let lengths = limit.saturating_sub(4)..=limit + 4;
    // A character of one to four bytes, so that bytes, characters and UTF-16 units differ.
    let repeated = (select(&["x", "é", "\u{ffee}", "😀"][..]), lengths.clone());
    prop_oneof![
        1 => select(&["", ".", "..", "...", " "][..]).prop_map(str::to_owned),
        3 => any::<String>(),
        3 => repeated.prop_map(|(character, bytes)| character.repeat(bytes / character.len())),
        1 => (any::<char>(), lengths).prop_map(|(last, bytes)| "x".repeat(bytes) + &last.to_string()),
    ]
}

/// Returns prefixes: the empty one, prefixes of the keys that [`keys`] returns and of no key, text that looks
/// like a pattern, and the last character, which has no upper bound.
pub fn prefixes() -> impl Strategy<Value = String> {
    let short = ["", "a", "a/", "a/b", "A", "%", "_", "*", "/", ".", "\0", "é", "😀", "\u{10ffff}", "none"];
    let max = limits::MAX_PREFIX_BYTES;
    prop_oneof![
        3 => Just(String::new()),
        6 => select(short.to_vec()).prop_map(str::to_owned),
        1 => select(vec!["k".repeat(max), "k".repeat(max - 1), "é".repeat(max / 2)]),
    ]
}

/// Returns values: empty, small, and some large ones (up to 300 KiB, some around the sizes of pages). Their
/// bytes are seldom UTF-8 text.
pub fn values() -> impl Strategy<Value = Value> {
    let large = [4_095, 4_096, 4_097, 65_535, 65_536, 65_537, 70 * 1024, 300 * 1024];
    let bytes = prop_oneof![
        2 => Just(Vec::new()),
        20 => collection::vec(any::<u8>(), 1..64),
        1 => (select(large.to_vec()), any::<u64>()).prop_map(|(len, seed)| noise(len, seed)),
    ];
    bytes.prop_map(|bytes| Value::new(bytes).expect("the strategy keeps below the limit"))
}

/// Returns bytes that differ from place to place, so that a lost or misplaced chunk shows.
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let step = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let [most_significant, ..] = state.to_be_bytes();
        most_significant
    };
    std::iter::repeat_with(step).take(len).collect()
}

/// Returns metadata: any kind of JSON but `null`, up to 1,024 bytes of compact text, with strings of exactly
/// that size.
pub fn metadata() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        (-1.0e9..1.0e9).prop_map(|number: f64| Json::from(number)),
        any::<String>().prop_map(Json::from),
    ];
    let any_kind = leaf.prop_recursive(3, 12, 4, |inner| {
        // Inside another, `null` is JSON like any other.
        let inner = prop_oneof![1 => Just(Json::Null), 6 => inner];
        prop_oneof![
            collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            collection::vec((".{0,6}", inner), 0..4)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    });
    // Without the two quotes.
    let room = limits::MAX_METADATA_BYTES - 2;
    let full = [("x", room), ("é", room / 2), ("\"", room / 2)];
    prop_oneof![
        9 => any_kind.prop_filter("metadata over its limit", |json| json.to_string().len() <= limits::MAX_METADATA_BYTES),
        1 => select(full.to_vec()).prop_map(|(character, times)| Json::from(character.repeat(times))),
    ]
}

/// Returns TTLs, or distances of an expiry from now: 60 s, a little more, and one that saturates.
pub fn ttls() -> impl Strategy<Value = Duration> {
    prop_oneof![
        6 => select(&[60, 61, 90, 120, 3_600][..]).prop_map(Duration::from_secs),
        3 => (60_000..100_000_u64).prop_map(Duration::from_millis),
        1 => Just(Duration::MAX),
    ]
}

/// Returns options of a put: none, a TTL, metadata, or both.
pub fn put_options() -> impl Strategy<Value = PutOptions> {
    (option::of(ttls()), option::of(metadata())).prop_map(|(ttl, metadata)| {
        let expiration = ttl.map(|ttl| Expiration::after(ttl).expect("the strategy keeps to 60 s or more"));
        let metadata = metadata.map(|json| Metadata::new(&json).expect("the strategy keeps below the limit"));
        PutOptions::default().with_expiration(expiration).with_metadata(metadata)
    })
}

/// Returns limits of a page: 1 to 1,000, mostly so small that a listing has several pages.
pub fn list_limits() -> impl Strategy<Value = usize> {
    prop_oneof![6 => 1..=4_usize, 2 => 5..=20_usize, 1 => select(&[999, limits::MAX_LIST_LIMIT][..])]
}

#[cfg(test)]
mod tests {
    use kv_core::{Key, ListOptions, Prefix};

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn constructors_accept_what_the_strategies_return(
            key in keys(),
            prefix in prefixes(),
            json in metadata(),
            limit in list_limits(),
            // Building these is the check.
            _ in (values(), put_options()),
        ) {
            prop_assert!(Key::new(key).is_ok());
            prop_assert!(Prefix::new(prefix).is_ok());
            prop_assert!(Metadata::new(&json).is_ok());
            prop_assert!(ListOptions::default().with_limit(limit).is_ok());
        }

        #[test]
        fn a_key_is_rejected_exactly_where_the_rule_says(text in texts(limits::MAX_KEY_BYTES)) {
            let allowed = (1..=512).contains(&text.len()) && text != "." && text != "..";
            prop_assert_eq!(Key::new(text).is_ok(), allowed);
        }
    }
}
