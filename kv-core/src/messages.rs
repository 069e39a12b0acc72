//! Tables of the messages that this crate gives: each variant of `InvalidInput`, and values that cannot be
//! read.

use std::{collections::HashSet, error::Error as _, mem, time::Duration};

use serde::{Serialize, Serializer};

use crate::types::{
    error::{Error, ErrorKind},
    expiration::Expiration,
    invalid_input::InvalidInput,
    jurisdiction::Jurisdiction,
    key::Key,
    list::{cursor::Cursor, options::ListOptions, prefix::Prefix},
    metadata::Metadata,
    namespace_info::{NamespaceId, NamespaceTitle},
    timestamp::Timestamp,
    value::Value,
};

struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it cannot be written"))
    }
}

/// A rejected input for each variant, by the constructor that rejects it, and its message.
fn rejected() -> Vec<(InvalidInput, &'static str)> {
    let now = Timestamp::from_secs(1_000).unwrap();
    let soon = Timestamp::from_secs(1_059).unwrap();
    let elsewhere = Cursor::issue(&Prefix::from_static("a"), "t");
    vec![
        (Key::new("").unwrap_err(), "key is empty (1 to 512 bytes)"),
        (
            Key::new("..").unwrap_err(),
            "key \"..\" is not allowed, since URLs cannot carry it: choose another key",
        ),
        (Key::new("x".repeat(513)).unwrap_err(), "key is too long: 513 bytes (max 512)"),
        (Prefix::new("x".repeat(514)).unwrap_err(), "prefix is too long: 514 bytes (max 512)"),
        (Value::new(vec![0; 26_214_401]).unwrap_err(), "value is too long: 26214401 bytes (max 26214400)"),
        (
            Metadata::new(&"x".repeat(1_023)).unwrap_err(),
            "metadata is too long: 1025 bytes of compact JSON (max 1024)",
        ),
        (Metadata::parse("[1,\n x]").unwrap_err(), "metadata is not JSON: error at line 2, column 2"),
        (
            Metadata::new(&Unwritable).unwrap_err(),
            "metadata cannot be written as JSON: its type failed to serialize",
        ),
        (Metadata::parse(" null").unwrap_err(), "metadata is null: leave it out instead"),
        (
            Timestamp::from_secs(253_402_300_800).unwrap_err(),
            "timestamp is too late: 253402300800 s since the epoch (max 253402300799, the end of the year 9999)",
        ),
        (Expiration::after(Duration::from_millis(59_999)).unwrap_err(), "TTL is too short: 59 s (min 60 s)"),
        (
            Expiration::at(soon, now).unwrap_err(),
            "expiration is too soon: 1059 s since the epoch (min 1060, 60 s from now)",
        ),
        (
            ListOptions::default().with_limit(1_001).unwrap_err(),
            "list limit is out of range: 1001 keys (1 to 1000)",
        ),
        (
            Cursor::parse("?").unwrap_err(),
            "cursor is malformed: pass the last page's cursor unchanged, or none",
        ),
        (
            ListOptions::default().with_cursor(elsewhere).start().unwrap_err(),
            "cursor belongs to another prefix: list with the prefix that it was issued for",
        ),
        (NamespaceTitle::new("").unwrap_err(), "namespace title is empty (1 to 512 characters)"),
        (
            NamespaceTitle::new("é".repeat(513)).unwrap_err(),
            "namespace title is too long: 513 characters (max 512)",
        ),
        (NamespaceId::new("").unwrap_err(), "namespace id is empty (1 to 32 characters)"),
        (NamespaceId::new("é".repeat(33)).unwrap_err(), "namespace id is too long: 33 characters (max 32)"),
        (
            "EU".parse::<Jurisdiction>().unwrap_err(),
            "jurisdiction is unknown: use eu, fedramp or us, in lower case",
        ),
    ]
}

/// Number of variants. A new variant stops this from compiling until it is counted here, and then needs a row
/// above.
const fn number_of_variants() -> usize {
    match InvalidInput::KeyEmpty {
        InvalidInput::KeyEmpty
        | InvalidInput::KeyReserved { .. }
        | InvalidInput::KeyTooLong { .. }
        | InvalidInput::PrefixTooLong { .. }
        | InvalidInput::ValueTooLong { .. }
        | InvalidInput::MetadataTooLong { .. }
        | InvalidInput::MetadataNotJson { .. }
        | InvalidInput::MetadataNotSerializable
        | InvalidInput::MetadataNull
        | InvalidInput::TimestampTooLate { .. }
        | InvalidInput::ExpirationTtlTooShort { .. }
        | InvalidInput::ExpirationTooSoon { .. }
        | InvalidInput::ListLimitOutOfRange { .. }
        | InvalidInput::CursorMalformed
        | InvalidInput::CursorForOtherPrefix
        | InvalidInput::NamespaceTitleEmpty
        | InvalidInput::NamespaceTitleTooLong { .. }
        | InvalidInput::NamespaceIdEmpty
        | InvalidInput::NamespaceIdTooLong { .. }
        | InvalidInput::JurisdictionUnknown => 20,
    }
}

#[test]
fn every_variant_has_its_message() {
    let rejected = rejected();
    let variants: HashSet<_> = rejected.iter().map(|(input, _)| mem::discriminant(input)).collect();
    assert_eq!(variants.len(), number_of_variants());
    for (input, message) in rejected {
        assert_eq!(input.to_string(), message);
    }
}

#[test]
fn every_variant_is_an_error_that_gives_it_back() {
    for (input, message) in rejected() {
        let error = Error::from(input);
        assert_eq!((error.kind(), error.backend()), (ErrorKind::InvalidInput, "kv-core"));
        assert_eq!(error.as_invalid_input(), Some(&input));
        assert_eq!(error.to_string(), message);
        assert!(!error.is_retryable() && error.source().is_none());
        let with_key = error.with_key(&Key::from_static("k")).with_operation("write");
        assert_eq!(with_key.as_invalid_input(), Some(&input));
    }
}

#[test]
fn values_that_cannot_be_read_or_written_have_their_message() {
    let value = Value::from_static(b"{\"a\":\xff}");
    let metadata = Metadata::parse("[1]").unwrap();
    for (error, message) in [
        (value.text().unwrap_err(), "value is not UTF-8 text: invalid at byte 5 of 7"),
        (
            value.json::<u8>().unwrap_err(),
            "value is not JSON of the wanted type: mismatch at line 1, column 0",
        ),
        (Value::default().json::<u8>().unwrap_err(), "value is not JSON: unexpected end at line 1, column 0"),
        (
            Value::from_static(b"dark").json::<String>().unwrap_err(),
            "value is not JSON: syntax error at line 1, column 1",
        ),
        (
            Value::from_json(&Unwritable).unwrap_err(),
            "value cannot be written as JSON: its type failed to serialize",
        ),
        (
            metadata.json::<u8>().unwrap_err(),
            "metadata is not JSON of the wanted type: mismatch at line 1, column 0",
        ),
    ] {
        assert_eq!(error.kind(), ErrorKind::Codec);
        assert_eq!(error.to_string(), message);
    }
}
