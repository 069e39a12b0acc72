//! `Key`: 1 to 512 bytes of UTF-8, and neither `.` nor `..`.

use std::borrow::Cow;

use kv_core::{IntoKey, InvalidInput, Key};
use proptest::prelude::*;

use crate::text::bytes_around;

fn dots_and_neighbours() -> impl Strategy<Value = String> {
    let texts = ["", ".", "..", "...", "./", "/.", "../", " ", ". ", "%2e", "\0", "\n", "。"];
    prop::sample::select(texts.to_vec()).prop_map(str::to_owned)
}

proptest! {
    #[test]
    fn a_key_is_1_to_512_bytes_and_not_dots(
        text in prop_oneof![4 => bytes_around(512), 1 => dots_and_neighbours()],
    ) {
        let rule = match text.as_str() {
            "" => Err(InvalidInput::KeyEmpty),
            "." => Err(InvalidInput::KeyReserved { key: "." }),
            ".." => Err(InvalidInput::KeyReserved { key: ".." }),
            _ if text.len() > 512 => Err(InvalidInput::KeyTooLong { len: text.len() }),
            _ => Ok(text.as_str()),
        };
        let key = Key::new(text.as_str());
        prop_assert_eq!(key.as_ref().map(Key::as_str).map_err(|error| *error), rule);
        if let Ok(key) = key {
            prop_assert_eq!(key.len(), text.len());
            prop_assert_eq!(key.to_string(), text.as_str());
            prop_assert_eq!(AsRef::<str>::as_ref(&key), text.as_str());
            prop_assert_eq!(key.clone().into_string(), text.as_str());
            prop_assert_eq!(key.as_borrowed(), key.clone().into_owned());
        }
    }

    #[test]
    fn every_way_to_pass_a_key_keeps_the_same_rule(text in bytes_around(512)) {
        let expected = Key::new(text.clone());
        prop_assert_eq!(text.as_str().into_key(), expected.clone());
        prop_assert_eq!((&text.as_str()).into_key(), expected.clone());
        prop_assert_eq!((&text).into_key(), expected.clone());
        prop_assert_eq!(text.clone().into_key(), expected.clone());
        prop_assert_eq!(Cow::Borrowed(text.as_str()).into_key(), expected.clone());
        prop_assert_eq!(Cow::<str>::Owned(text.clone()).into_key(), expected.clone());
        if let Ok(key) = expected {
            prop_assert_eq!((&key).into_key(), Ok(key.clone()));
            prop_assert_eq!(key.clone().into_key(), Ok(key));
        }
    }

    #[test]
    fn keys_sort_by_their_bytes(left in "\\PC{1,8}", right in "\\PC{1,8}") {
        if let (Ok(a), Ok(b)) = (Key::new(left.as_str()), Key::new(right.as_str())) {
            prop_assert_eq!(a.cmp(&b), left.as_bytes().cmp(right.as_bytes()));
        }
    }
}

#[test]
fn the_limits_are_at_512_and_513_bytes() {
    assert!(Key::new("x".repeat(512)).is_ok());
    assert!(Key::new("é".repeat(256)).is_ok());
    assert_eq!(Key::new("x".repeat(513)), Err(InvalidInput::KeyTooLong { len: 513 }));
    assert_eq!(Key::new("é".repeat(257)), Err(InvalidInput::KeyTooLong { len: 514 }));
}

#[test]
fn a_static_key_is_checked_when_it_is_compiled() {
    const KEY: Key<'static> = Key::from_static("settings/theme");
    assert_eq!(Key::new("settings/theme"), Ok(KEY));
}

#[test]
#[should_panic(expected = "1 to 512 bytes")]
fn a_static_key_that_breaks_the_rule_is_refused() {
    let _ = Key::from_static("..");
}
