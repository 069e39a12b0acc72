//! Errors of JSON: what is wrong and where, and never what the data is.

use std::{collections::BTreeMap, error::Error as StdError};

use kv_core::{Error, ErrorKind, InvalidInput, Metadata, Value};
use proptest::{prelude::*, sample::Index};
use serde::{Deserialize, Serialize, Serializer};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Session {
    user: u64,
    name: String,
    role: Role,
    tags: Vec<bool>,
    scores: BTreeMap<u8, i8>,
    pair: (u8, char),
    code: Code,
    parent: Option<Box<Session>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Role {
    Admin,
    Guest { until: u32 },
    Service(String),
}

/// A type whose own error quotes what it was given.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Code(u8);

impl TryFrom<String> for Code {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("no such code: {text}, expected {text} at line {text}"))
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0.to_string()
    }
}

fn session() -> Session {
    let guest = Session {
        user: 7,
        name: "ada".into(),
        role: Role::Guest { until: 60 },
        tags: vec![true, false],
        scores: BTreeMap::from([(1, -1), (2, -2)]),
        pair: (3, 'c'),
        code: Code(4),
        parent: None,
    };
    let service = Session {
        role: Role::Service("kv".into()),
        parent: Some(Box::new(guest)),
        ..session_of(Role::Admin)
    };
    Session { parent: Some(Box::new(service)), ..session_of(Role::Admin) }
}

fn session_of(role: Role) -> Session {
    Session {
        user: 8,
        name: "bob".into(),
        role,
        tags: vec![],
        scores: BTreeMap::new(),
        pair: (0, 'x'),
        code: Code(9),
        parent: None,
    }
}

/// The session's JSON with `insert` put at the place, in the stead of `removed` characters.
fn damaged(place: Index, removed: usize, insert: &str) -> String {
    let json = serde_json::to_string_pretty(&session()).unwrap();
    let start = place.index(json.len());
    let end = (start + removed).min(json.len());
    format!("{}{insert}{}", &json[..start], &json[end..])
}

/// The session's JSON with its `place`th member or element replaced by `insert`, so that it stays JSON.
fn replaced(place: Index, insert: &str) -> String {
    let json = serde_json::to_string(&session()).unwrap();
    let tokens: Vec<&str> = json.split_inclusive([',', ':', '[', ']', '{', '}']).collect();
    let place = place.index(tokens.len());
    let spelled = tokens.iter().enumerate().map(|(index, token)| {
        let end = token.len() - 1;
        if index == place { format!("{insert}{}", &token[end..]) } else { (*token).to_owned() }
    });
    spelled.collect()
}

/// Everything that a log could show of an error.
fn shown(error: &Error) -> String {
    let mut shown = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        shown.extend([error.to_string(), format!("{error:?}")]);
        cause = error.source();
    }
    shown
}

fn insertion(secret: &str, form: usize) -> String {
    match form {
        0 => secret.to_owned(),
        1 => format!("\"{secret}\""),
        2 => format!("\"{secret}\":"),
        3 => format!("{{\"{secret}\":0}}"),
        4 => format!("[\"{secret}\"]"),
        5 => format!("\"invalid type: {secret}, expected {secret} at line {secret}\""),
        6 => format!("\"missing field `{secret}`, expected {secret}\""),
        _ => format!("\"\\u{secret}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn errors_of_json_never_quote_the_data(
        secret in "[A-Z]{8,16}",
        (place, whole) in any::<(Index, bool)>(),
        removed in 0..4_usize,
        form in 0..8_usize,
    ) {
        let insert = insertion(&secret, form);
        let text = if whole { replaced(place, &insert) } else { damaged(place, removed, &insert) };
        if let Err(error) = Value::new(&text).unwrap().json::<Session>() {
            prop_assert_eq!(error.kind(), ErrorKind::Codec);
            prop_assert!(error.to_string().starts_with("value is not JSON"));
            prop_assert!(!shown(&error).contains(&secret), "{}", shown(&error));
        }
        match Metadata::parse(&text) {
            Ok(metadata) => {
                if let Err(error) = metadata.json::<Session>() {
                    prop_assert_eq!(error.kind(), ErrorKind::Codec);
                    prop_assert!(error.to_string().starts_with("metadata is not JSON"));
                    prop_assert!(!shown(&error).contains(&secret), "{}", shown(&error));
                }
            }
            Err(refused) => prop_assert!(!shown(&refused.into()).contains(&secret)),
        }
    }

    #[test]
    fn errors_of_text_never_quote_the_data(secret in "[A-Z]{8,16}", tail in "[A-Z]{0,8}") {
        let bytes = [secret.as_bytes(), b"\xff", tail.as_bytes()].concat();
        let error = Value::new(bytes).unwrap().into_text().unwrap_err();
        prop_assert!(!shown(&error).contains(&secret));
    }
}

#[test]
fn the_undamaged_session_is_read() {
    let json = serde_json::to_string(&session()).unwrap();
    assert_eq!(Value::new(&json).unwrap().json::<Session>().unwrap().user, 8);
    assert_eq!(Metadata::parse(&json).unwrap().json::<Session>().unwrap().name, "bob");
}

#[test]
fn a_mismatch_is_told_by_its_place() {
    let mismatches = [
        ("\"bob\"", "null", 21),
        ("\"Admin\"", "\"Boss\"", 36),
        ("[0,\"x\"]", "[0]", 70),
        ("\"9\"", "\"999\"", 87),
    ];
    for (there, instead, column) in mismatches {
        let json = serde_json::to_string(&session_of(Role::Admin)).unwrap();
        let damaged = json.replacen(there, instead, 1);
        assert_ne!(json, damaged);
        let error = Value::new(damaged).unwrap().json::<Session>().unwrap_err();
        let message = format!("value is not JSON of the wanted type: mismatch at line 1, column {column}");
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn a_type_that_cannot_be_written_is_not_quoted_either() {
    struct Secretive;

    impl Serialize for Secretive {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("hunter2 cannot be written"))
        }
    }

    let error = Value::from_json(&Secretive).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Codec, "value cannot be written as JSON: its type failed to serialize")
    );
    assert!(!shown(&error).contains("hunter2"));
    assert!(!shown(&InvalidInput::MetadataNotSerializable.into()).contains("hunter2"));
}
