//! `ListOptions`: a page of 1 to 1,000 keys.

use std::ops::{Bound, RangeBounds};

use kv_core::{Cursor, IntoListOptions, InvalidInput, Key, ListOptions, Prefix};
use proptest::prelude::*;

use crate::text::bytes_around;

proptest! {
    #[test]
    fn a_list_limit_is_1_to_1000(limit in prop_oneof![any::<usize>(), 0..=3_usize, 995..=1_005_usize]) {
        let rule = match limit {
            1..=1_000 => Ok(limit),
            _ => Err(InvalidInput::ListLimitOutOfRange { limit }),
        };
        prop_assert_eq!(ListOptions::default().with_limit(limit).map(|options| options.limit()), rule);
    }

    #[test]
    fn every_way_to_say_what_to_list_keeps_the_rule_of_the_prefix(text in bytes_around(512)) {
        let expected = Prefix::new(text.as_str()).map(ListOptions::from);
        prop_assert_eq!(text.as_str().into_list_options(), expected.clone());
        prop_assert_eq!((&text).into_list_options(), expected.clone());
        prop_assert_eq!(text.into_list_options(), expected.clone());
        if let Ok(options) = expected {
            let prefix = options.prefix().clone();
            prop_assert_eq!((&prefix).into_list_options(), Ok(options.clone()));
            prop_assert_eq!(prefix.into_list_options(), Ok(options.clone()));
            prop_assert_eq!(options.clone().into_list_options(), Ok(options));
        }
    }
}

#[test]
fn the_default_lists_every_key_from_the_start() {
    let options = ListOptions::default();
    assert_eq!((options.prefix().as_str(), options.limit()), ("", 1_000));
    assert_eq!((options.cursor(), options.start()), (None, Ok(None)));
}

#[test]
fn a_refused_limit_and_a_removed_cursor_leave_the_rest_alone() {
    let prefix = Prefix::from_static("p:");
    let cursor = Cursor::after(&prefix, &Key::from_static("p:1"));
    let options = ListOptions::from(prefix).with_limit(7).unwrap();
    assert!(options.clone().with_limit(1_001).is_err());
    let with_cursor = options.clone().with_cursor(cursor.clone());
    assert_eq!((with_cursor.cursor(), with_cursor.limit()), (Some(&cursor), 7));
    assert_eq!(with_cursor.with_cursor(None), options);
}

proptest! {
    #[test]
    fn a_key_is_in_the_range_if_it_has_the_prefix_and_is_behind_the_cursor(
        prefix in "[ab\u{d7ff}\u{10ffff}]{0,2}",
        token in proptest::option::of("[ab\u{d7ff}\u{10ffff}]{0,3}"),
        key in "[abc\u{d7ff}\u{e000}\u{10ffff}]{1,3}",
    ) {
        let prefix = Prefix::new(prefix).unwrap();
        let cursor = token.as_ref().map(|token| Cursor::issue(&prefix, token));
        let options = ListOptions::from(prefix.clone()).with_cursor(cursor);
        let expected = prefix.matches(&key) && token.is_none_or(|token| key > token);
        let range = options.key_range().unwrap();
        let found = range.is_some_and(|range| {
            let end = range.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            RangeBounds::<str>::contains(&(range.start, end), key.as_str())
        });
        prop_assert_eq!(found, expected);
    }
}
