//! Metadata of entries.

use kv_core::{Entry, GetOptions, Metadata, PutOptions, Value, limits, prelude::KvNamespaceExt};

use crate::support::{scope::Scope, subject::Subject};

/// Writes an entry with each of `texts` as its metadata, and checks that every way of reading gives it back.
async fn check_metadata(subject: &Subject, texts: &[&str], why: &str) {
    let scope = Scope::new(subject);
    for (number, text) in texts.iter().enumerate() {
        let key = scope.key(&number.to_string());
        let metadata = Metadata::parse(text).unwrap();
        subject.namespace().put_with(&key, *text, metadata.clone()).await.unwrap();
        let entry = Entry::new(Value::new(*text).unwrap()).with_metadata(metadata);
        scope.check(&key, Some(&entry), why).await;
    }
    scope.clean().await;
}

/// Metadata is any JSON but `null`; `0`, `false`, `""` and `{}` are metadata like any other.
pub async fn metadata_of_every_kind_round_trips(subject: &Subject) {
    let texts = [
        "0",
        "-1",
        "1.5",
        "false",
        "true",
        r#""""#,
        r#"" ""#,
        r#""null""#,
        "[]",
        "{}",
        "[null]",
        r#"{"a":null}"#,
        r#"{"a":[1,{"b":"c"}],"":{}}"#,
    ];
    check_metadata(subject, &texts, "metadata of every kind of JSON round-trips").await;
}

/// Metadata keeps its text: digits of numbers, order of names, escapes, characters of every size.
pub async fn metadata_keeps_its_text(subject: &Subject) {
    let texts = [
        "12345678901234567890.12345678901234567890",
        "1e400",
        "-0.0",
        "1.0",
        r#"{"b":1,"a":2}"#,
        r#"{"a":1,"a":2}"#,
        r#""\u0041\n\u0000\"\\\/""#,
        r#""é\u00e9\ud83d\ude00😀""#,
        "\"\u{7f}\u{2028}'\"",
        r#"" a  b ""#,
    ];
    check_metadata(subject, &texts, "metadata comes back as the text that was given").await;
}

/// Metadata of 1,024 bytes is kept, of narrow and of wide characters.
pub async fn longest_metadata_round_trips(subject: &Subject) {
    let free = limits::MAX_METADATA_BYTES - 2;
    let texts = [format!("\"{}\"", "x".repeat(free)), format!("\"{}\"", "é".repeat(free / 2))];
    check_metadata(subject, &texts.each_ref().map(String::as_str), "metadata of 1,024 bytes round-trips")
        .await;
}

async fn check_filled(subject: &Subject, wanted: bool, why: &str) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    let bare = scope.key("b");
    let metadata = Metadata::new("of a").unwrap();
    kv.put_with(&key, "1", metadata.clone()).await.unwrap();
    kv.put(&bare, "2").await.unwrap();
    for options in [GetOptions::default(), GetOptions::default().with_text(true)] {
        let options = options.with_metadata(wanted);
        let mut read = kv.read_many(vec![key.clone(), bare.clone()], options).await.unwrap();
        for key in [&key, &bare] {
            read.push(kv.read(key.as_borrowed(), options).await.unwrap());
        }
        let read: Vec<_> = read.into_iter().map(|entry| entry.unwrap().metadata).collect();
        let filled = wanted.then(|| metadata.clone());
        assert_eq!(read, [filled.clone(), None, filled, None], "{why}");
    }
    scope.clean().await;
}

/// Metadata is filled in whenever a read asks for it.
pub async fn metadata_is_filled_in_when_asked_for(subject: &Subject) {
    check_filled(subject, true, "a read that asks for metadata gets it").await;
}

/// Metadata is left out unless a read asks for it.
pub async fn metadata_is_left_out_when_not_asked_for(subject: &Subject) {
    check_filled(subject, false, "a read that does not ask for metadata gets none").await;
}

/// An entry that is put with the metadata `null` has no metadata.
pub async fn null_metadata_is_absent(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    let options = PutOptions::default().with_metadata_json(" null ").unwrap();
    subject.namespace().put_with(&key, "1", options).await.unwrap();
    scope.check_value(&key, "1", "the metadata `null` is the same as no metadata").await;
    scope.clean().await;
}
