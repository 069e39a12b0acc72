//! A caller's calls: what each asks of the backend, and what never gets there.

use std::time::Duration;

use kv_core::{ErrorKind, Expiration, InvalidInput, Key, Metadata, PutEntry, PutOptions, Result, prelude::*};

use crate::watched::Watched;

#[tokio::test]
async fn each_call_asks_for_what_it_needs() {
    let kv = Watched::new();
    kv.put("k", "7").await.unwrap();
    assert_eq!(kv.get("k").await.unwrap().unwrap().text().unwrap(), "7");
    assert_eq!(kv.get_text("k").await.unwrap().as_deref(), Some("7"));
    assert_eq!(kv.get_json::<u8>("k").await.unwrap(), Some(7));
    assert_eq!(kv.get_with_metadata("k").await.unwrap().unwrap().metadata, None);
    kv.delete("k").await.unwrap();
    assert_eq!(kv.get("k").await.unwrap(), None);
    let calls =
        ["write k", "read k", "read text k", "read text k", "read with metadata k", "remove k", "read k"];
    assert_eq!(kv.calls(), calls);
}

#[tokio::test]
async fn an_absent_key_is_none_in_every_form() {
    let kv = Watched::new();
    assert_eq!(kv.get_text("k").await.unwrap(), None);
    assert_eq!(kv.get_json::<u8>("k").await.unwrap(), None);
    assert_eq!(kv.get_with_metadata("k").await.unwrap(), None);
    assert_eq!(kv.get_many(["k"]).await.unwrap(), [None]);
}

#[tokio::test]
async fn a_put_sets_its_options_and_clears_what_it_does_not_set() {
    let kv = Watched::new();
    let hour = Expiration::after(Duration::from_secs(3_600)).unwrap();
    let metadata = Metadata::new("m").unwrap();
    let both = PutOptions::from(hour).with_metadata(metadata.clone());
    let deadline = both.expires_at(Watched::NOW);
    kv.put_with("k", "v", both.clone()).await.unwrap();
    let entry = kv.get_with_metadata("k").await.unwrap().unwrap();
    assert_eq!((entry.metadata.as_ref(), entry.expires_at), (Some(&metadata), deadline));
    kv.put_json("k", &[1]).await.unwrap();
    let entry = kv.get_with_metadata("k").await.unwrap().unwrap();
    assert_eq!((entry.value.text().unwrap(), entry.metadata, entry.expires_at), ("[1]", None, None));
    kv.put_json_with("k", "v", metadata.clone()).await.unwrap();
    let entry = kv.get_with_metadata("k").await.unwrap().unwrap();
    assert_eq!((entry.value.text().unwrap(), entry.metadata), ("\"v\"", Some(metadata)));
    kv.put("k", "v").await.unwrap();
    assert_eq!(kv.peek("k").unwrap().metadata, None);
}

#[tokio::test]
async fn what_breaks_a_limit_never_gets_to_the_backend() {
    fn refused<T: std::fmt::Debug>(outcome: Result<T>, limit: InvalidInput) {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.as_invalid_input()), (ErrorKind::InvalidInput, Some(&limit)));
        assert_eq!(error.to_string(), limit.to_string());
    }

    let kv = Watched::new();
    let long = "x".repeat(513);
    let empty = InvalidInput::KeyEmpty;
    let too_long = InvalidInput::KeyTooLong { len: 513 };
    let large = vec![0; 26_214_401];
    refused(kv.get(&long).await, too_long);
    refused(kv.get_with_metadata(&long).await, too_long);
    refused(kv.get_text("").await, empty);
    refused(kv.get_json::<u8>("").await, empty);
    refused(kv.put("..", "v").await, InvalidInput::KeyReserved { key: ".." });
    refused(kv.put("k", &large).await, InvalidInput::ValueTooLong { len: 26_214_401 });
    refused(
        kv.put_with("k", large, PutOptions::default()).await,
        InvalidInput::ValueTooLong { len: 26_214_401 },
    );
    refused(kv.put_json("", &1).await, empty);
    refused(kv.delete("").await, empty);
    refused(kv.get_many(["a", ""]).await, empty);
    refused(kv.delete_many(["a", &long]).await, too_long);
    refused(kv.get_versioned("").await, empty);
    refused(kv.update("", |_| unreachable!("there is no such key")).await, empty);
    assert!(kv.calls().is_empty());
}

#[tokio::test]
async fn a_value_that_is_something_else_is_an_error_with_its_key() {
    let kv = Watched::new();
    kv.put("k", b"\xff").await.unwrap();
    let error = kv.get_text("k").await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Codec, Some("get_text")));
    assert_eq!(error.key(), Some(&Key::from_static("k")));
    let error = kv.get_json::<u8>("k").await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Codec, Some("get_json")));
    assert_eq!(error.key(), Some(&Key::from_static("k")));
    let no_json = std::collections::BTreeMap::from([(vec![1], 2)]);
    let error = kv.put_json("k", &no_json).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Codec, Some("put_json")));
    assert_eq!(error.key(), Some(&Key::from_static("k")));
    assert_eq!(kv.peek("k").unwrap().value[..], b"\xff"[..]);
}

#[tokio::test]
async fn a_backends_error_comes_back_as_it_was() {
    let kv = Watched::new();
    let error = kv.get_text("broken").await.unwrap_err();
    assert_eq!((error.kind(), error.backend()), (ErrorKind::Unavailable, "watched"));
    assert_eq!(error.operation(), Some("read text"));
}

#[tokio::test]
async fn bulk_calls_take_any_keys_and_keep_their_order() {
    let kv = Watched::new();
    let entries = [("a", "1"), ("b", "2")].map(|(key, value)| PutEntry::new(key, value).unwrap());
    assert_eq!(kv.put_many(entries).await.unwrap().into_result().unwrap(), 2);
    let names = vec![String::from("b"), String::from("c"), String::from("a")];
    let values = kv.get_many(&names).await.unwrap();
    let texts: Vec<_> =
        values.iter().map(|value| value.as_ref().map(|value| value.text().unwrap())).collect();
    assert_eq!(texts, [Some("2"), None, Some("1")]);
    let keys: Vec<Key<'_>> = names.iter().map(|name| Key::new(name).unwrap()).collect();
    assert_eq!(kv.delete_many(&keys).await.unwrap().into_result().unwrap(), 3);
    assert_eq!(kv.delete_many(keys).await.unwrap().into_result().unwrap(), 3);
    assert_eq!((kv.peek("a"), kv.peek("b")), (None, None));
}
