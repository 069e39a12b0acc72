//! Table of the messages of every `InvalidInput`.

use std::{collections::HashSet, error::Error as _, mem, time::Duration};

use serde::{Serialize, Serializer};

use crate::types::{
    error::Error,
    error_kind::ErrorKind,
    expiration::Expiration,
    invalid_input::InvalidInput,
    jurisdiction::Jurisdiction,
    key::Key,
    list::{cursor::Cursor, options::ListOptions, prefix::Prefix},
    metadata::Metadata,
    namespace_id::NamespaceId,
    namespace_title::NamespaceTitle,
    timestamp::Timestamp,
    value::Value,
};

struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it cannot be written"))
    }
}

/// One refusal of every variant, by the constructor that it belongs to, and its sentence.
fn refusals() -> Vec<(InvalidInput, &'static str)> {
    let (now, soon) = (Timestamp::from_secs(1_000).unwrap(), Timestamp::from_secs(1_059).unwrap());
    let elsewhere = Cursor::issue(&Prefix::from_static("a"), "t");
    vec![
        (Key::new("").unwrap_err(), "a key of 0 bytes is too short: a key has 1 to 512 bytes of UTF-8"),
        (
            Key::new("..").unwrap_err(),
            "the key \"..\" is not allowed: a URL cannot carry it; every other key of 1 to 512 bytes is",
        ),
        (
            Key::new("x".repeat(513)).unwrap_err(),
            "a key of 513 bytes is too long: the limit is 512 bytes of UTF-8",
        ),
        (
            Prefix::new("x".repeat(514)).unwrap_err(),
            "a prefix of 514 bytes is too long: the limit is 512 bytes of UTF-8",
        ),
        (
            Value::new(vec![0; 26_214_401]).unwrap_err(),
            "a value of 26214401 bytes is too long: the limit is 26214400 bytes (25 MiB)",
        ),
        (
            Metadata::new(&"x".repeat(1_023)).unwrap_err(),
            "metadata of 1025 bytes is too long: the limit is 1024 bytes of compact JSON",
        ),
        (
            Metadata::parse("[1,\n x]").unwrap_err(),
            "metadata has to be JSON: the text given stops being JSON at line 2, column 2",
        ),
        (
            Metadata::new(&Unwritable).unwrap_err(),
            "metadata has to be JSON: the type given cannot be written as JSON",
        ),
        (Metadata::parse(" null").unwrap_err(), "metadata of null is no metadata: leave it out instead"),
        (
            Timestamp::from_secs(253_402_300_800).unwrap_err(),
            "a time of 253402300800 seconds since the epoch is too late: the limit is 253402300799 \
             (the end of the year 9999)",
        ),
        (
            Expiration::after(Duration::from_millis(59_999)).unwrap_err(),
            "a time to live of 59 s is too short: the limit is 60 s or more",
        ),
        (
            Expiration::at(soon, now).unwrap_err(),
            "an expiration at 1059 is too soon: it is 1000 now (in seconds since the epoch), and the limit is 60 s from now or later",
        ),
        (
            ListOptions::default().with_limit(1_001).unwrap_err(),
            "a list limit of 1001 is out of range: a page holds 1 to 1000 keys",
        ),
        (
            Cursor::parse("?").unwrap_err(),
            "the cursor is not one that a listing gave: pass on the whole text of the last page's cursor, \
             or none",
        ),
        (
            ListOptions::default().with_cursor(elsewhere).start().unwrap_err(),
            "the cursor belongs to a listing with another prefix: repeat the prefix that it was given for",
        ),
        (
            NamespaceTitle::new("").unwrap_err(),
            "a namespace title of 0 characters is too short: a title has 1 to 512 characters",
        ),
        (
            NamespaceTitle::new("é".repeat(513)).unwrap_err(),
            "a namespace title of 513 characters is too long: the limit is 512 characters",
        ),
        (
            NamespaceId::new("").unwrap_err(),
            "a namespace id of 0 characters is too short: an id has 1 to 32 characters",
        ),
        (
            NamespaceId::new("é".repeat(33)).unwrap_err(),
            "a namespace id of 33 characters is too long: the limit is 32 characters",
        ),
        (
            "EU".parse::<Jurisdiction>().unwrap_err(),
            "the jurisdiction is unknown: it has to be eu, fedramp or us, in lower case",
        ),
    ]
}

/// Stops compiling when there is a new variant, which then needs a row above and a place here.
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
fn every_variant_says_the_limit_and_what_was_given() {
    let refusals = refusals();
    let variants: HashSet<_> = refusals.iter().map(|(refusal, _)| mem::discriminant(refusal)).collect();
    assert_eq!(variants.len(), number_of_variants());
    for (refusal, sentence) in refusals {
        assert_eq!(refusal.to_string(), sentence);
    }
}

#[test]
fn every_variant_is_an_error_that_gives_it_back() {
    for (refusal, sentence) in refusals() {
        let error = Error::from(refusal);
        assert_eq!((error.kind(), error.backend()), (ErrorKind::InvalidInput, "kv-core"));
        assert_eq!(error.as_invalid_input(), Some(&refusal));
        assert_eq!(error.to_string(), sentence);
        assert!(!error.is_retryable() && error.source().is_none());
        let with_key = error.with_key(&Key::from_static("k")).with_operation("write");
        assert_eq!(with_key.as_invalid_input(), Some(&refusal));
    }
}
