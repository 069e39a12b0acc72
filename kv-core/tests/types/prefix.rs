//! `Prefix`: 0 to 512 bytes of UTF-8, taken literally, and the range of the texts that start with it.

use kv_core::{InvalidInput, Prefix};
use proptest::{collection::vec, prelude::*};

use crate::text::bytes_around;

/// The characters beside which the next one is not simply one more.
fn edge() -> impl Strategy<Value = char> {
    let edges = [
        '\0',
        'a',
        'b',
        '\u{7f}',
        '\u{80}',
        '\u{7ff}',
        '\u{800}',
        '\u{d7ff}',
        '\u{e000}',
        '\u{ffff}',
        '\u{10000}',
        '\u{10fffe}',
        '\u{10ffff}',
    ];
    prop_oneof![3 => prop::sample::select(edges.to_vec()), 1 => any::<char>()]
}

fn edges(length: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    vec(edge(), length).prop_map(String::from_iter)
}

fn in_range(prefix: &Prefix, text: &str) -> bool {
    text >= prefix.as_str() && prefix.upper_bound().is_none_or(|bound| text < bound.as_str())
}

proptest! {
    #[test]
    fn a_prefix_is_at_most_512_bytes(text in prop_oneof![4 => bytes_around(512), 1 => "[.%_*]{0,3}"]) {
        let rule = if text.len() > 512 {
            Err(InvalidInput::PrefixTooLong { len: text.len() })
        } else {
            Ok(text.as_str())
        };
        let prefix = Prefix::new(text.as_str());
        prop_assert_eq!(prefix.as_ref().map(Prefix::as_str).map_err(|error| *error), rule);
        if let Ok(prefix) = prefix {
            prop_assert_eq!(prefix.to_string(), text.as_str());
        }
    }

    #[test]
    fn what_starts_with_a_prefix_is_in_its_range(prefix in edges(0..4), rest in edges(0..4)) {
        let text = format!("{prefix}{rest}");
        let prefix = Prefix::new(prefix).unwrap();
        prop_assert!(prefix.matches(&text));
        prop_assert!(in_range(&prefix, &text));
    }

    #[test]
    fn what_is_in_the_range_of_a_prefix_starts_with_it(prefix in edges(0..3), text in edges(0..5)) {
        let prefix = Prefix::new(prefix).unwrap();
        prop_assert_eq!(in_range(&prefix, &text), prefix.matches(&text));
        prop_assert_eq!(prefix.matches(&text), text.starts_with(prefix.as_str()));
    }

    #[test]
    fn the_range_of_a_full_prefix_ends_although_its_end_is_no_prefix(last in edge()) {
        let prefix = Prefix::new("x".repeat(512 - last.len_utf8()) + &last.to_string()).unwrap();
        let bound = prefix.upper_bound().unwrap();
        prop_assert!(!prefix.matches(&bound));
        let longest = [prefix.as_str(), "\u{10ffff}"].concat();
        prop_assert!(in_range(&prefix, &longest));
    }
}

#[test]
fn the_ends_of_ranges() {
    let ends = [
        ("", None),
        ("\u{10ffff}", None),
        ("\u{10ffff}\u{10ffff}", None),
        ("a", Some("b")),
        ("a\u{10ffff}", Some("b")),
        ("\u{7f}", Some("\u{80}")),
        ("\u{d7ff}", Some("\u{e000}")),
    ];
    for (prefix, end) in ends {
        assert_eq!(Prefix::from_static(prefix).upper_bound().as_deref(), end);
    }
}

#[test]
fn the_default_matches_everything() {
    assert!(Prefix::default().matches("") && Prefix::default().matches("anything"));
    assert_eq!(Prefix::default(), Prefix::from_static(""));
}
