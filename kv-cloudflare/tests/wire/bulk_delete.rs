//! Bulk deletes.

use kv_core::{ErrorKind, Key, KvNamespace, KvNamespaceExt};
use serde_json::json;

use crate::paused_time::on_paused_time;
use crate::scripted_server::{Reaction, ScriptedServer};

fn applied(refused: &[&str]) -> Reaction {
    Reaction::result(json!({ "successful_key_count": 0, "unsuccessful_keys": refused }))
}

#[tokio::test]
async fn removals_are_sent_in_bulk_each_key_once() {
    let server = ScriptedServer::in_order(vec![applied(&[])]).await;
    let report = server.client().delete_many(["a/b", "\"", "a/b"]).await.unwrap();
    assert_eq!((report.succeeded, report.failed.len()), (3, 0));
    assert_eq!(server.request_lines(), ["POST /bulk/delete"]);
    assert_eq!(server.requests()[0].json(), json!(["\"", "a/b"]));
}

#[tokio::test]
async fn removals_are_split_by_number() {
    let server = ScriptedServer::in_order(vec![applied(&[])]).await;
    let keys: Vec<_> = (0..2_001).map(|number| Key::new(number.to_string()).unwrap()).collect();
    let report = server.client().remove_many(keys).await.unwrap();
    assert_eq!(report.succeeded, 2_001);
    let sizes: Vec<_> =
        server.requests().iter().map(|request| request.json().as_array().unwrap().len()).collect();
    assert_eq!(sizes, [1_000, 1_000, 1]);
}

#[test]
fn keys_that_stay_are_reported() {
    on_paused_time(async {
        let server = ScriptedServer::in_order(vec![applied(&["b"])]).await;
        let client = server.builder().retries(1).build().unwrap();
        let report = client.delete_many(["a", "b"]).await.unwrap();
        assert_eq!((report.succeeded, report.failed.len()), (1, 1));
        assert_eq!((report.failed[0].index, report.failed[0].error.kind()), (1, ErrorKind::Unavailable));
        assert_eq!(server.requests()[1].json(), json!(["b"]));
        assert_eq!(server.requests().len(), 2);
    });
}
