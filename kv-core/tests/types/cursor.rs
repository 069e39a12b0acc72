//! `Cursor`: its text brings back the token, under the prefix that it was issued for and no other.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kv_core::{Cursor, InvalidInput, Key, ListOptions, Prefix};
use proptest::{prelude::*, sample::Index};

fn prefix() -> impl Strategy<Value = Prefix> {
    prop_oneof![any::<String>(), "[ab]{0,3}", Just("x".repeat(512))]
        .prop_filter_map("a prefix", |text| Prefix::new(text).ok())
}

fn token() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ab]{0,3}", Just("😀".repeat(128))]
}

/// Returns the start of a listing of `prefix` with a cursor's text.
fn start(prefix: &Prefix, text: &str) -> Result<Option<String>, InvalidInput> {
    let options = ListOptions::from(prefix.clone()).with_cursor(Cursor::parse(text)?);
    Ok(options.start()?.map(str::to_owned))
}

fn refused(prefix: &Prefix, text: &str) -> bool {
    matches!(start(prefix, text), Err(InvalidInput::CursorMalformed | InvalidInput::CursorForOtherPrefix))
}

proptest! {
    #[test]
    fn a_text_brings_the_token_back(prefix in prefix(), token in token()) {
        let cursor = Cursor::issue(&prefix, token.clone());
        let url_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        prop_assert!(cursor.as_str().bytes().all(url_safe));
        prop_assert_eq!(start(&prefix, cursor.as_str()), Ok(Some(token)));
        prop_assert_eq!(cursor.to_string(), cursor.as_str());
        prop_assert_eq!(cursor.as_str().parse(), Ok(cursor.clone()));
        let options = ListOptions::from(prefix).with_cursor(cursor.clone());
        prop_assert_eq!(options.cursor(), Some(&cursor));
    }

    #[test]
    fn after_a_key_means_its_text(prefix in prefix(), key in any::<String>()) {
        if let Ok(key) = Key::new(key) {
            prop_assert_eq!(Cursor::after(&prefix, &key), Cursor::issue(&prefix, key.as_str()));
        }
    }

    #[test]
    fn another_prefix_is_refused(prefix in prefix(), other in prefix(), token in token()) {
        prop_assume!(prefix != other);
        let cursor = Cursor::issue(&prefix, token);
        prop_assert_eq!(start(&other, cursor.as_str()), Err(InvalidInput::CursorForOtherPrefix));
    }

    #[test]
    fn text_that_was_never_issued_is_refused(
        prefix in prefix(), text in prop_oneof![any::<String>(), "[A-Za-z0-9_-]{0,60}"],
    ) {
        prop_assert!(refused(&prefix, &text));
    }

    #[test]
    fn bytes_of_the_right_shape_that_were_never_issued_are_refused(
        prefix in prefix(), hash in any::<[u8; 8]>(), token in token(),
    ) {
        let text = URL_SAFE_NO_PAD.encode([&[1], &hash[..], token.as_bytes()].concat());
        prop_assert_eq!(start(&prefix, &text), Err(InvalidInput::CursorForOtherPrefix));
    }

    #[test]
    fn one_character_changed_is_refused(
        prefix in prefix(), token in token(), place in any::<Index>(), with in "[A-Za-z0-9_=+/ \\n.-]",
    ) {
        let issued = Cursor::issue(&prefix, token).to_string();
        let place = place.index(issued.len());
        let changed = format!("{}{with}{}", &issued[..place], &issued[place + 1..]);
        prop_assume!(changed != issued);
        prop_assert!(refused(&prefix, &changed));
        let inserted = format!("{}{with}{}", &issued[..place], &issued[place..]);
        prop_assert!(refused(&prefix, &inserted));
        let removed = format!("{}{}", &issued[..place], &issued[place + 1..]);
        prop_assert!(refused(&prefix, &removed));
    }

    #[test]
    fn one_bit_flipped_is_refused(
        prefix in prefix(), token in token(), place in any::<Index>(), bit in 0..8_u32,
    ) {
        let mut bytes = URL_SAFE_NO_PAD.decode(Cursor::issue(&prefix, token).as_str()).unwrap();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        prop_assert!(refused(&prefix, &URL_SAFE_NO_PAD.encode(bytes)));
    }

    #[test]
    fn a_text_that_is_cut_or_goes_on_is_refused(
        prefix in prefix(), token in token(), place in any::<Index>(),
    ) {
        let issued = Cursor::issue(&prefix, token).to_string();
        prop_assert!(refused(&prefix, &issued[..place.index(issued.len())]));
        for tail in ["=", "==", "A", "AAAA", " ", "\n"] {
            prop_assert!(refused(&prefix, &[&issued, tail].concat()));
        }
        prop_assert!(refused(&prefix, &[" ", &issued].concat()));
    }

    #[test]
    fn another_spelling_of_the_same_bytes_is_refused(prefix in prefix(), token in token()) {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let issued = Cursor::issue(&prefix, token).to_string();
        let (head, last) = issued.split_at(issued.len() - 1);
        let unused_bits = match issued.len() % 4 { 2 => 4, 3 => 2, _ => 0 };
        let digit = ALPHABET.iter().position(|&digit| digit == last.as_bytes()[0]).unwrap();
        for bits in 1..1_usize << unused_bits {
            let spelling = format!("{head}{}", char::from(ALPHABET[digit | bits]));
            prop_assert_eq!(start(&prefix, &spelling), Err(InvalidInput::CursorMalformed));
        }
        let standard = issued.replace('-', "+").replace('_', "/");
        prop_assert!(standard == issued || refused(&prefix, &standard));
    }
}

#[test]
fn other_versions_and_shapes_are_malformed() {
    let issued = URL_SAFE_NO_PAD.decode(Cursor::issue(&Prefix::default(), "t").as_str()).unwrap();
    for version in (0..=u8::MAX).filter(|&version| version != issued[0]) {
        let text = URL_SAFE_NO_PAD.encode([&[version], &issued[1..]].concat());
        assert_eq!(Cursor::parse(text), Err(InvalidInput::CursorMalformed));
    }
    for len in 0..9 {
        assert_eq!(Cursor::parse(URL_SAFE_NO_PAD.encode(&issued[..len])), Err(InvalidInput::CursorMalformed));
    }
    let not_text = URL_SAFE_NO_PAD.encode([&issued[..], b"\xff"].concat());
    assert_eq!(Cursor::parse(not_text), Err(InvalidInput::CursorMalformed));
}

#[test]
fn the_end_of_the_prefix_is_not_the_start_of_the_token() {
    let cursor = Cursor::issue(&Prefix::from_static("ab"), "c");
    assert_eq!(start(&Prefix::from_static("a"), cursor.as_str()), Err(InvalidInput::CursorForOtherPrefix));
    let bytes = URL_SAFE_NO_PAD.decode(cursor.as_str()).unwrap();
    let moved = URL_SAFE_NO_PAD.encode([&bytes[..9], b"bc"].concat());
    assert_eq!(start(&Prefix::from_static("a"), &moved), Err(InvalidInput::CursorForOtherPrefix));
}

#[test]
fn the_text_of_a_cursor_is_fixed() {
    // A cursor may be kept by a client while the service is upgraded.
    let cursor = Cursor::issue(&Prefix::from_static("session:"), "session:7");
    assert_eq!(cursor.as_str(), "AVPetBqFdpuKc2Vzc2lvbjo3");
}
