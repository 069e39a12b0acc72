//! The limit of `Metadata`: 1,024 bytes of compact JSON, quotes and escapes counted.

use kv_core::{InvalidInput, Metadata};
use proptest::prelude::*;

/// Characters with the bytes that each takes in JSON.
const COSTS: [(char, usize); 9] =
    [('x', 1), ('/', 1), ('"', 2), ('\\', 2), ('\n', 2), ('é', 2), ('€', 3), ('😀', 4), ('\u{1}', 6)];

proptest! {
    #[test]
    fn the_compact_text_is_measured_with_quotes_and_escapes(
        (character, cost) in prop::sample::select(COSTS.to_vec()),
        bytes in 1_010..=1_040_usize,
        items in 1..4_usize,
        white_space in "[ \\n\\t\\r]{0,60}",
    ) {
        // ["…","","…"]: two brackets, a comma between items, two quotes an item.
        let frame = 2 + (items - 1) + 2 * items;
        let mut texts = vec![String::new(); items];
        texts[0] = character.to_string().repeat((bytes - frame) / cost);
        let len = frame + (bytes - frame) / cost * cost;
        let pretty = serde_json::to_string_pretty(&texts).unwrap() + &white_space;
        for metadata in [Metadata::new(&texts), Metadata::parse(&pretty)] {
            match metadata {
                Ok(metadata) => {
                    prop_assert!(len <= 1_024);
                    prop_assert_eq!(metadata.as_str(), serde_json::to_string(&texts).unwrap());
                    prop_assert_eq!(metadata.as_str().len(), len);
                }
                Err(error) => {
                    prop_assert!(len > 1_024);
                    prop_assert_eq!(error, InvalidInput::MetadataTooLong { len });
                }
            }
        }
    }
}

#[test]
fn the_limits_are_at_1024_and_1025_bytes() {
    assert!(Metadata::new(&"x".repeat(1_022)).is_ok());
    assert_eq!(Metadata::new(&"x".repeat(1_023)), Err(InvalidInput::MetadataTooLong { len: 1_025 }));
    assert!(Metadata::new(&"é".repeat(511)).is_ok());
    assert_eq!(Metadata::new(&"é".repeat(512)), Err(InvalidInput::MetadataTooLong { len: 1_026 }));
    assert!(Metadata::new(&"\"".repeat(511)).is_ok());
    assert_eq!(Metadata::new(&"\"".repeat(512)), Err(InvalidInput::MetadataTooLong { len: 1_026 }));
    let digits = "1".repeat(1_024);
    assert_eq!(Metadata::parse(&digits).unwrap().as_str(), digits);
    assert_eq!(Metadata::parse(&(digits + "1")), Err(InvalidInput::MetadataTooLong { len: 1_025 }));
}

#[test]
fn white_space_outside_strings_counts_for_nothing() {
    let text = format!("{0}[{0}\"{1}\"{0}]{0}", " \n".repeat(50_000), " ".repeat(1_020));
    assert_eq!(Metadata::parse(&text).unwrap().as_str().len(), 1_024);
}

#[test]
fn an_escape_counts_as_it_was_written() {
    let escaped = |count: usize| format!("\"{}\"", "\\u0041".repeat(count));
    assert_eq!(Metadata::parse(&escaped(170)).unwrap().as_str().len(), 1_022);
    assert_eq!(Metadata::parse(&escaped(171)), Err(InvalidInput::MetadataTooLong { len: 1_028 }));
}
