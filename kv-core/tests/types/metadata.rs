//! `Metadata`: JSON text without the white space outside its strings, and nothing else changed.

use kv_core::{ErrorKind, InvalidInput, Metadata, PutOptions};
use proptest::{prelude::*, sample::Index};
use serde::{Serialize, Serializer, de::IgnoredAny};

use crate::json_text::{gaps, spread, tokens};

/// Returns the metadata that this compact text should become.
fn rule(compact: &str) -> Result<String, InvalidInput> {
    match compact.len() {
        _ if compact == "null" => Err(InvalidInput::MetadataNull),
        len if len > 1_024 => Err(InvalidInput::MetadataTooLong { len }),
        _ => Ok(compact.to_owned()),
    }
}

fn outcome(metadata: &Result<Metadata, InvalidInput>) -> Result<String, InvalidInput> {
    metadata.as_ref().map(|metadata| metadata.as_str().to_owned()).map_err(|error| *error)
}

/// Valid JSON without the white space outside its strings, by way of splitting it at the quotes.
fn without_white_space(json: &str) -> String {
    let masked = json.replace("\\\\", "\u{1}\u{1}").replace("\\\"", "\u{1}\u{2}");
    let parts = masked.split('"').enumerate().map(|(index, part)| {
        if index % 2 == 0 { part.replace([' ', '\t', '\n', '\r'], "") } else { part.to_owned() }
    });
    let compact = parts.collect::<Vec<_>>().join("\"");
    compact.replace("\u{1}\u{1}", "\\\\").replace("\u{1}\u{2}", "\\\"")
}

proptest! {
    #[test]
    fn only_white_space_outside_strings_goes(tokens in tokens(), gaps in gaps()) {
        let compact = tokens.concat();
        let spread = spread(&tokens, &gaps);
        prop_assert_eq!(outcome(&Metadata::parse(&spread)), rule(&compact));
        prop_assert_eq!(outcome(&Metadata::parse(&compact)), rule(&compact));
    }

    #[test]
    fn a_text_is_metadata_if_it_is_json_and_short_enough_and_not_null(
        text in prop_oneof![
            any::<String>(),
            "[ \\t\\n\\[\\]{}\",:0-9a-z\\\\.eE+-]{0,12}",
            (tokens(), gaps(), any::<Index>(), "[ \\n\\[\\]{}\",:0n\\\\.e-]?", any::<bool>())
                .prop_map(|(tokens, gaps, place, inserted, replace)| {
                    let mut characters: Vec<char> = spread(&tokens, &gaps).chars().collect();
                    let place = place.index(characters.len());
                    let removed = usize::from(replace);
                    characters.splice(place..place + removed, inserted.chars());
                    characters.into_iter().collect()
                }),
        ],
    ) {
        let compact = without_white_space(&text);
        let expected = match serde_json::from_str::<IgnoredAny>(&text) {
            Ok(_) => rule(&compact),
            Err(error) => Err(InvalidInput::MetadataNotJson { line: error.line(), column: error.column() }),
        };
        prop_assert_eq!(outcome(&Metadata::parse(&text)), expected);
    }

    #[test]
    fn what_serialises_is_read_back_as_it_was(
        text in any::<String>(), number in any::<u64>(), flags in any::<[Option<bool>; 3]>(),
    ) {
        let value = (text, number, flags);
        let json = serde_json::to_string(&value).unwrap();
        let metadata = Metadata::new(&value);
        prop_assert_eq!(outcome(&metadata), rule(&json));
        if let Ok(metadata) = metadata {
            prop_assert_eq!(metadata.json::<(String, u64, [Option<bool>; 3])>().unwrap(), value);
            prop_assert_eq!(Metadata::parse(metadata.as_str()), Ok(metadata));
        }
    }

    #[test]
    fn options_take_null_for_none(tokens in tokens(), gaps in gaps()) {
        let text = spread(&tokens, &gaps);
        let before = PutOptions::from(Metadata::new("before").unwrap());
        let options = before.with_metadata_json(&text);
        match Metadata::parse(&text) {
            Err(InvalidInput::MetadataNull) => prop_assert_eq!(options, Ok(PutOptions::default())),
            parsed => prop_assert_eq!(options, parsed.map(PutOptions::from)),
        }
    }
}

#[test]
fn two_texts_are_not_one() {
    for text in
        ["1 2", "{} {}", "\"a\" \"b\"", "[1]]", "tr ue", "1 .5", "", " ", "\u{a0}1", "\u{feff}1", "'a'"]
    {
        let refused = Metadata::parse(text);
        assert!(matches!(refused, Err(InvalidInput::MetadataNotJson { .. })), "{text:?}: {refused:?}");
    }
}

#[test]
fn numbers_and_the_order_of_keys_are_kept() {
    let text = "{ \"z\" : 12345678901234567890.50 , \"a\" : -0 , \"m\" : 1E+400 , \"z\" : \"\\ud800 \\/ \" }";
    let compact = "{\"z\":12345678901234567890.50,\"a\":-0,\"m\":1E+400,\"z\":\"\\ud800 \\/ \"}";
    assert_eq!(Metadata::parse(text).unwrap().as_str(), compact);
}

#[test]
fn a_refusal_says_where_the_text_stops_being_json() {
    let places =
        [("", 1, 0), ("{", 1, 1), ("[1,\n", 2, 0), ("[1,\n  x", 2, 3), ("{\"a\":\nnul", 2, 3), ("é x", 1, 1)];
    for (text, line, column) in places {
        assert_eq!(Metadata::parse(text), Err(InvalidInput::MetadataNotJson { line, column }), "{text:?}");
    }
}

#[test]
fn nothing_is_no_metadata() {
    assert_eq!(Metadata::new(&None::<u8>), Err(InvalidInput::MetadataNull));
    assert_eq!(Metadata::new(&()), Err(InvalidInput::MetadataNull));
    assert_eq!(Metadata::new(&f64::NAN), Err(InvalidInput::MetadataNull));
    assert_eq!(Metadata::parse("\n null "), Err(InvalidInput::MetadataNull));
    for text in ["0", "\"\"", "false", "[]", "{}", "\"null\"", "[null]"] {
        assert_eq!(Metadata::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn a_type_that_json_cannot_express_is_refused() {
    struct Secretive;

    impl Serialize for Secretive {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("hunter2 cannot be written"))
        }
    }

    assert_eq!(Metadata::new(&Secretive), Err(InvalidInput::MetadataNotSerializable));
    let no_text_keys = std::collections::BTreeMap::from([(vec![1], 2)]);
    assert_eq!(Metadata::new(&no_text_keys), Err(InvalidInput::MetadataNotSerializable));
}

#[test]
fn depth_is_no_limit_of_its_own() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(Metadata::parse(&nested(500)).unwrap().as_str(), nested(500));
    assert_eq!(Metadata::parse(&nested(200_000)), Err(InvalidInput::MetadataTooLong { len: 400_000 }));
    let error = Metadata::parse(&nested(500)).unwrap().json::<serde_json::Value>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
}
