//! Presence and metadata without the value.

use kv_core::{ErrorKind, Key, Metadata};
use serde_json::json;

use crate::scripted::{Reaction, Scripted};

const KEY: Key<'static> = Key::from_static("a/b");

#[tokio::test]
async fn presence_and_metadata_are_one_request_each() {
    let rows = [
        (Reaction::result(json!({ "z": 1 })), true, Some(r#"{"z":1}"#)),
        (Reaction::result(json!("text")), true, Some(r#""text""#)),
        (Reaction::result(json!(null)), true, None),
        (Reaction::absent(), false, None),
    ];
    for (reaction, exists, metadata) in rows {
        let server = Scripted::in_turn(vec![reaction]).await;
        let client = server.client();
        assert_eq!(client.exists(KEY).await.unwrap(), exists);
        let found = client.get_metadata("a/b".to_owned()).await.unwrap();
        assert_eq!(found.as_ref().map(Metadata::as_str), metadata);
        assert_eq!(server.lines(), ["GET /metadata/a%2Fb"; 2]);
    }
}

#[tokio::test]
async fn what_goes_wrong_is_named() {
    let server = Scripted::in_turn(vec![Reaction::error(404, 10_013, "namespace not found")]).await;
    let client = server.client();
    let failed = [client.exists(KEY).await.map(drop), client.get_metadata(KEY).await.map(drop)];
    for (outcome, operation) in failed.into_iter().zip(["exists", "get_metadata"]) {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::NamespaceNotFound, Some(operation)));
        assert_eq!(error.key(), Some(&KEY));
    }
    assert_eq!(client.exists("").await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(server.asked().len(), 2, "an invalid key is not asked for");
}
