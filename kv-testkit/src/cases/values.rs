//! Bytes of values.

use std::sync::Arc;

use futures_util::TryStreamExt;
use kv_core::{ErrorKind, GetOptions, Value, limits, prelude::KvNamespaceExt};
use tokio::task::JoinSet;

use crate::support::{scope::Scope, subject::Subject};

/// Every way of reading returns the bytes that were written.
pub async fn value_round_trips(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    subject.namespace().put(&key, "hello").await.unwrap();
    scope.check_value(&key, "hello", "a read returns the bytes that were written").await;
    scope.clean().await;
}

/// An entry with an empty value exists.
pub async fn empty_value_is_not_absence(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    subject.namespace().put(&key, "").await.unwrap();
    scope.check_value(&key, "", "an entry with an empty value exists").await;
    scope.clean().await;
}

/// A value may hold any bytes, not only text.
pub async fn every_byte_round_trips(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    let bytes: Vec<u8> = (0..=u8::MAX).chain((0..=u8::MAX).rev()).collect();
    subject.namespace().put(&key, &bytes).await.unwrap();
    scope.check_value(&key, &bytes, "a read returns the bytes that were written, of any kind").await;
    scope.clean().await;
}

/// A value of 26,214,400 bytes is kept whole.
pub async fn largest_value_round_trips(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    // 251 is a prime, so a chunk in the wrong place shows.
    let bytes: Vec<u8> = (0..=250).cycle().take(limits::MAX_VALUE_BYTES).collect();
    let value = Value::new(bytes).unwrap();
    kv.put(&key, &value).await.unwrap();
    assert!(kv.get(&key).await.unwrap() == Some(value), "a value of 26,214,400 bytes round-trips");
    scope.clean().await;
}

/// A key that was never written reads as `None` by every way of reading.
pub async fn absent_key_reads_as_none(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    scope.check(&key, None, "a key that was never written reads as `None`").await;
    assert_eq!(kv.get(&key).await.unwrap(), None);
    assert_eq!(kv.get_text(&key).await.unwrap(), None);
    assert_eq!(kv.get_json::<u8>(&key).await.unwrap(), None);
    assert_eq!(kv.get_many([&key, &key]).await.unwrap(), [None, None]);
}

/// Removing an absent key succeeds, each time.
pub async fn removing_an_absent_key_succeeds(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    for _ in 0..2 {
        let removed = subject.namespace().delete(&key).await;
        assert!(removed.is_ok(), "removing an absent key succeeds, and this returned {removed:?}");
    }
}

/// A read leaves the entry as it is.
pub async fn reading_changes_nothing(subject: &Subject) {
    let scope = Scope::new(subject);
    let key = scope.key("a");
    subject.namespace().put(&key, "once").await.unwrap();
    for _ in 0..3 {
        scope.check_value(&key, "once", "a read leaves the entry as it is").await;
    }
    scope.clean().await;
}

/// The hint that values are text changes no byte, even if it is wrong.
pub async fn text_hint_changes_no_byte(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let values = [&b"\xff\xfe\0\x80"[..], "\u{feff}text\r\n".as_bytes(), b"", "\u{fffd}".as_bytes()];
    for (number, bytes) in values.into_iter().enumerate() {
        let key = scope.key(&number.to_string());
        kv.put(&key, bytes).await.unwrap();
        let hint = GetOptions::default().with_text(true);
        let mut read = kv.read_many(vec![key.clone()], hint).await.unwrap();
        read.push(kv.read(key, hint).await.unwrap());
        for entry in read {
            let value = entry.map(|entry| entry.value);
            assert_eq!(value.as_deref(), Some(bytes), "the text hint changes no byte");
        }
    }
    scope.clean().await;
}

/// `get_text` of bytes that are not UTF-8 fails with `Codec` and the key, and leaves the value as it is.
pub async fn get_text_of_other_bytes_fails(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    kv.put(&key, b"caf\xe9").await.unwrap();
    let error = kv.get_text(&key).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key()),
        (ErrorKind::Codec, Some(&key)),
        "`get_text` of bytes that are not UTF-8 is `Codec`, with the key"
    );
    scope.check_value(&key, b"caf\xe9", "a failed `get_text` leaves the value as it is").await;
    scope.clean().await;
}

/// `get_json` of another type fails with `Codec` and the key, and leaves the value as it is.
pub async fn get_json_of_another_type_fails(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    for (name, text) in [("a", "\"seven\""), ("b", "seven"), ("c", "")] {
        let key = scope.key(name);
        kv.put(&key, text).await.unwrap();
        let error = kv.get_json::<u8>(&key).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.key()),
            (ErrorKind::Codec, Some(&key)),
            "`get_json` of another type is `Codec`, with the key"
        );
        scope.check_value(&key, text, "a failed `get_json` leaves the value as it is").await;
    }
    scope.clean().await;
}

/// A value that is put as JSON is stored as text and reads as the same value.
pub async fn json_round_trips(subject: &Subject) {
    let scope = Scope::new(subject);
    let kv = subject.namespace();
    let key = scope.key("a");
    let record = ("é\u{1f600}\n\"".to_owned(), vec![0_u64, u64::MAX]);
    kv.put_json(&key, &record).await.unwrap();
    assert_eq!(
        kv.get_text(&key).await.unwrap(),
        serde_json::to_string(&record).ok(),
        "JSON is stored as text"
    );
    assert_eq!(kv.get_json(&key).await.unwrap(), Some(record), "JSON reads as the value that was put");
    scope.clean().await;
}

/// A typed collection reads, lists and deletes its records under its own prefix.
pub async fn typed_records_round_trip(subject: &Subject) {
    let scope = Scope::new(subject);
    let scores = subject.namespace().typed::<u32>().with_prefix(scope.prefix("score:").as_str()).unwrap();
    scope.fill(["score", "scorf"]).await;
    for (id, score) in [("bob", 2), ("ada", 1)] {
        // Registers the key, so that the scope removes it.
        scope.key(&format!("score:{id}"));
        scores.put(id, &score).await.unwrap();
    }
    assert_eq!(scores.get("ada").await.unwrap(), Some(1));
    assert_eq!(scores.get_many(["bob", "eve", "ada"]).await.unwrap(), [Some(2), None, Some(1)]);
    let ids: Vec<String> = scores.list().map_ok(|record| record.id).try_collect().await.unwrap();
    assert_eq!(ids, ["ada", "bob"], "a typed listing returns the ids of its own records, in order");
    scope.clean().await;
}

/// Concurrent writes of different keys do not disturb each other.
pub async fn concurrent_writes_of_many_keys_are_all_there(subject: &Subject) {
    let scope = Scope::new(subject);
    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let kv = Arc::clone(subject.namespace());
        // Downwards, or a listing in the order of the writes would look sorted where the tasks do not
        // overlap.
        let keys: Vec<_> = (0..8).rev().map(|number| scope.key(&format!("{task}.{number}"))).collect();
        tasks.spawn(async move {
            for key in keys {
                kv.put(&key, key.as_str()).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let listed = scope.list(scope.pages_of(1000)).await;
    assert_eq!(listed.len(), 64, "every answered write is there");
    let values = subject.namespace().get_many(listed.iter().map(|key| &key.name)).await.unwrap();
    for (key, value) in listed.iter().zip(values) {
        assert_eq!(value.as_deref(), Some(key.name.as_str().as_bytes()), "each key has its own value");
    }
    scope.clean().await;
}
