//! `Value`: 0 to 26,214,400 bytes.

use std::sync::LazyLock;

use kv_core::{Bytes, ErrorKind, IntoValue, InvalidInput, Value};
use proptest::{collection::vec, prelude::*};

const LIMIT: usize = 26_214_400;

/// Bytes past the limit, made once and shared by every case.
static ZEROS: LazyLock<&'static [u8]> = LazyLock::new(|| vec![0; LIMIT + 1_000].leak());

fn length() -> impl Strategy<Value = usize> {
    prop_oneof![0..=1_000_usize, 0..=LIMIT + 1_000, LIMIT - 1_000..=LIMIT + 1_000]
}

fn rule(len: usize) -> Result<usize, InvalidInput> {
    if len > LIMIT { Err(InvalidInput::ValueTooLong { len }) } else { Ok(len) }
}

proptest! {
    #[test]
    fn a_value_is_at_most_26_214_400_bytes(len in length()) {
        let bytes = Bytes::from_static(&ZEROS[..len]);
        prop_assert_eq!(Value::new(&bytes).map(|value| value.len()), rule(len));
        prop_assert_eq!(Value::new(bytes).map(|value| value.len()), rule(len));
    }

    #[test]
    fn the_bytes_come_back_as_they_were_given(bytes in vec(any::<u8>(), 0..100)) {
        let value = Value::new(bytes.as_slice()).unwrap();
        prop_assert_eq!(&value[..], bytes.as_slice());
        prop_assert_eq!(AsRef::<[u8]>::as_ref(&value), bytes.as_slice());
        prop_assert_eq!(value.as_bytes(), &Bytes::from(bytes.clone()));
        prop_assert_eq!(value.to_text_lossy(), String::from_utf8_lossy(&bytes));
        let shared = Bytes::from(bytes.clone());
        for same in [
            Value::new(&bytes), Value::new(bytes), Value::new(&shared), Value::new(shared),
            Value::new(&value), Value::new(value.clone()),
        ] {
            prop_assert_eq!(same, Ok(value.clone()));
        }
        prop_assert_eq!(Bytes::from(value.clone()), value.into_bytes());
    }

    #[test]
    fn text_is_read_back_if_the_bytes_are_text(
        bytes in prop_oneof![vec(any::<u8>(), 0..8), any::<String>().prop_map(String::into_bytes)],
    ) {
        let value = Value::new(&bytes).unwrap();
        match std::str::from_utf8(&bytes) {
            Ok(text) => {
                prop_assert_eq!(value.text().unwrap(), text);
                prop_assert_eq!(value.clone().into_text().unwrap(), text);
                let owned = text.to_owned();
                prop_assert_eq!(Value::new(text), Ok(value.clone()));
                prop_assert_eq!(Value::new(&owned), Ok(value.clone()));
                prop_assert_eq!(Value::new(owned), Ok(value));
            }
            Err(wrong) => {
                let sentence = format!(
                    "value is not UTF-8 text: invalid at byte {} of {}",
                    wrong.valid_up_to(), bytes.len(),
                );
                for error in [value.text().map(str::to_owned).unwrap_err(), value.into_text().unwrap_err()] {
                    prop_assert_eq!(error.kind(), ErrorKind::Codec);
                    prop_assert_eq!(error.to_string(), sentence.as_str());
                }
            }
        }
    }
}

#[test]
fn a_value_is_compared_with_bytes_and_text() {
    let value = Value::new("dark").unwrap();
    assert!(value == "dark" && value == *"dark" && value == b"dark" && value == *b"dark");
    assert!(value == b"dark"[..] && value == b"dark".to_vec() && value == value.clone());
    assert!(value != "dar" && value != "darker" && value != b"DARK" && value != Vec::new());
}

#[test]
fn the_limit_is_at_26_214_400_bytes_whatever_holds_them() {
    let most = &ZEROS[..LIMIT];
    let more = &ZEROS[..=LIMIT];
    let refused = Err(InvalidInput::ValueTooLong { len: LIMIT + 1 });
    assert_eq!(most.into_value().map(|value| value.len()), Ok(LIMIT));
    assert_eq!(more.into_value(), refused);
    let bytes = more.to_vec();
    let text = String::from_utf8(more.to_vec()).unwrap();
    assert_eq!((&bytes).into_value(), refused);
    assert_eq!(bytes.into_value(), refused);
    assert_eq!(text.as_str().into_value(), refused);
    assert_eq!((&text).into_value(), refused);
    assert_eq!(text.into_value(), refused);
    assert_eq!(Value::from_static(most).len(), LIMIT);
}

#[test]
#[should_panic(expected = "26,214,400 bytes")]
fn a_static_value_over_the_limit_is_refused() {
    let _ = Value::from_static(&ZEROS[..=LIMIT]);
}

#[test]
fn a_static_value_is_a_constant() {
    const LOGO: Value = Value::from_static(b"\x89PNG");
    assert_eq!(Value::new(b"\x89PNG"), Ok(LOGO));
}

#[test]
fn json_over_the_limit_is_refused_for_its_length() {
    let text = std::str::from_utf8(&ZEROS[..LIMIT]).unwrap().replace('\0', "x");
    let error = Value::from_json(&text).unwrap_err();
    assert_eq!(error.as_invalid_input(), Some(&InvalidInput::ValueTooLong { len: LIMIT + 2 }));
    assert_eq!(Value::from_json(&text[2..]).unwrap().len(), LIMIT);
}
