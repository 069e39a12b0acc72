//! `TypedKv`: records as JSON under a prefix.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use kv_core::{
    ErrorKind, Expiration, InvalidInput, Key, Metadata, PutOptions, RecordInfo, TypedKv, prelude::*,
};
use serde::{Deserialize, Serialize};

use crate::watched::Watched;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Session {
    user: String,
}

fn session(user: &str) -> Session {
    Session { user: user.to_owned() }
}

fn sessions() -> (Arc<Watched>, TypedKv<Session, Arc<Watched>>) {
    let kv = Watched::new();
    let sessions = kv.typed::<Session>().with_prefix("session:").unwrap();
    (kv, sessions)
}

#[tokio::test]
async fn a_record_is_json_under_the_prefix_and_its_id() {
    let (kv, sessions) = sessions();
    sessions.put("17", &session("ada")).await.unwrap();
    assert_eq!(kv.text("session:17").as_deref(), Some(r#"{"user":"ada"}"#));
    assert_eq!(sessions.get("17").await.unwrap(), Some(session("ada")));
    assert_eq!(sessions.get("18").await.unwrap(), None);
    sessions.delete(String::from("17")).await.unwrap();
    assert_eq!(sessions.get("17").await.unwrap(), None);
    let calls = ["write session:17", "read text session:17", "read text session:18", "remove session:17"];
    assert_eq!(kv.calls()[..4], calls);
}

#[tokio::test]
async fn metadata_and_deadline_come_with_the_record_when_asked_for() {
    let (kv, sessions) = sessions();
    let metadata = Metadata::new("m").unwrap();
    let options =
        PutOptions::from(Expiration::after(Duration::from_secs(60)).unwrap()).with_metadata(metadata.clone());
    let deadline = options.expires_at(Watched::NOW);
    sessions.put_with("17", &session("ada"), options).await.unwrap();
    let entry = sessions.get_with_metadata("17").await.unwrap().unwrap();
    assert_eq!((entry.value, entry.metadata, entry.expires_at), (session("ada"), Some(metadata), deadline));
    assert_eq!(kv.calls(), ["write session:17", "read text with metadata session:17"]);
}

#[tokio::test]
async fn an_id_may_be_empty_under_a_prefix_and_not_without_one() {
    let (kv, sessions) = sessions();
    sessions.put("", &session("ada")).await.unwrap();
    assert_eq!(sessions.get("").await.unwrap(), Some(session("ada")));
    let bare = kv.typed::<Session>();
    let error = bare.put("", &session("ada")).await.unwrap_err();
    assert_eq!(error.as_invalid_input(), Some(&InvalidInput::KeyEmpty));
    assert_eq!(bare.get("session:").await.unwrap(), Some(session("ada")));
    let error = bare.get("..").await.unwrap_err();
    assert_eq!(error.as_invalid_input(), Some(&InvalidInput::KeyReserved { key: ".." }));
}

#[tokio::test]
async fn a_prefix_and_an_id_share_the_limit_of_a_key() {
    let (kv, sessions) = sessions();
    let longest = "x".repeat(504);
    let longer = "x".repeat(505);
    sessions.put(&longest, &session("ada")).await.unwrap();
    assert_eq!(sessions.key(&longest).unwrap().len(), 512);
    kv.calls();
    let too_long = InvalidInput::KeyTooLong { len: 513 };
    for error in [
        sessions.get(&longer).await.unwrap_err(),
        sessions.get_with_metadata(&longer).await.unwrap_err(),
        sessions.put(&longer, &session("ada")).await.unwrap_err(),
        sessions.delete(&longer).await.unwrap_err(),
        sessions.get_many([&longest, &longer]).await.unwrap_err(),
        sessions.delete_many([&longest, &longer]).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.as_invalid_input()), (ErrorKind::InvalidInput, Some(&too_long)));
    }
    assert!(kv.calls().is_empty());
    assert_eq!(
        kv.typed::<Session>().with_prefix("x".repeat(513)).err(),
        Some(InvalidInput::PrefixTooLong { len: 513 })
    );
}

#[tokio::test]
async fn a_listing_gives_ids_without_the_prefix_and_reads_no_record() {
    let (kv, sessions) = sessions();
    let metadata = Metadata::new("ada").unwrap();
    sessions.put_with("b", &session("ada"), metadata.clone()).await.unwrap();
    sessions.put("a", &session("bob")).await.unwrap();
    sessions.put("", &session("eve")).await.unwrap();
    kv.put("session", "another key").await.unwrap();
    kv.put("session;", "another key").await.unwrap();
    kv.calls();
    let records: Vec<RecordInfo> = sessions.list().try_collect().await.unwrap();
    let ids: Vec<_> = records.iter().map(|record| (record.id.as_str(), record.metadata.clone())).collect();
    assert_eq!(ids, [("", None), ("a", None), ("b", Some(metadata))]);
    assert_eq!(kv.calls(), ["list_page session:"]);
    let shown = format!("{records:?}");
    assert!(!shown.contains("\"a\""), "an id may be a secret: {shown}");
    assert!(shown.contains("id_len: 1"));
}

#[tokio::test]
async fn many_records_come_each_at_its_ids_place() {
    let (kv, sessions) = sessions();
    sessions.put("a", &session("ada")).await.unwrap();
    sessions.put("b", &session("bob")).await.unwrap();
    let records = sessions.get_many(["b", "none", "a", "b"]).await.unwrap();
    assert_eq!(records, [Some(session("bob")), None, Some(session("ada")), Some(session("bob"))]);
    assert_eq!(
        sessions.delete_many(vec![String::from("a"), String::from("none")]).await.unwrap().succeeded,
        2
    );
    assert_eq!((kv.peek("session:a"), kv.text("session:b").is_some()), (None, true));
}

#[tokio::test]
async fn a_record_that_is_something_else_is_an_error_with_its_key() {
    let (kv, sessions) = sessions();
    sessions.put("good", &session("ada")).await.unwrap();
    kv.set("session:hunter2", "{\"user\":\"hunter2\"");
    for error in [
        sessions.get("hunter2").await.unwrap_err(),
        sessions.get_with_metadata("hunter2").await.unwrap_err(),
        sessions.get_many(["good", "hunter2"]).await.unwrap_err(),
        sessions.get_versioned("hunter2").await.unwrap_err(),
        sessions.update("hunter2", |_| unreachable!("there is no record")).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Codec);
        assert_eq!(error.key(), Some(&Key::from_static("session:hunter2")));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_record_that_json_cannot_express_is_an_error_with_its_key() {
    let kv = Watched::new();
    let maps = kv.typed::<BTreeMap<(u8, u8), u8>>();
    let map = BTreeMap::from([((1, 2), 3)]);
    let error = maps.put("k", &map).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Codec, Some("put")));
    assert_eq!(error.key(), Some(&Key::from_static("k")));
    assert!(kv.calls().is_empty());
}

#[tokio::test]
async fn a_collection_is_cloned_with_its_prefix_and_shows_no_record() {
    let (kv, sessions) = sessions();
    sessions.clone().put("17", &session("ada")).await.unwrap();
    assert!(kv.peek("session:17").is_some());
    assert!(Arc::ptr_eq(sessions.namespace(), &kv));
    assert_eq!(format!("{sessions:?}"), "TypedKv { namespace: Watched { .. }, prefix: Prefix(8 bytes) }");
    let other = TypedKv::<Session, _>::new(Arc::clone(&kv)).with_prefix("session:1").unwrap();
    assert_eq!(other.get("7").await.unwrap(), Some(session("ada")));
}
