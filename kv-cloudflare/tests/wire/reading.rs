//! Reads of one key, of its presence, and of its metadata.

use std::sync::atomic::{AtomicUsize, Ordering};

use kv_core::{ErrorKind, GetOptions, Key, KvNamespace, Metadata, Timestamp};
use serde_json::{Value as Json, json};

use crate::paused_time::on_paused_time;
use crate::received_request::ReceivedRequest;
use crate::scripted_server::{Reaction, ScriptedServer};

const KEY: Key<'static> = Key::from_static("a/b");

fn with_metadata() -> GetOptions {
    GetOptions::default().with_metadata(true)
}

/// Answer of a bulk get for `KEY`.
fn found(found: Json) -> Reaction {
    Reaction::result(json!({ "values": { "a/b": found } }))
}

#[tokio::test]
async fn a_read_is_one_request() {
    let value = Reaction::value(vec![0, 255, 13, 10]).with("expiration", "1700000060");
    let server = ScriptedServer::in_order(vec![value]).await;
    let entry = server.client().read(KEY, GetOptions::default()).await.unwrap().unwrap();
    assert_eq!(entry.value, [0, 255, 13, 10]);
    assert_eq!(entry.expires_at, Some(Timestamp::from_secs(1_700_000_060).unwrap()));
    assert_eq!(entry.metadata, None);
    assert_eq!(server.request_lines(), ["GET /values/a%2Fb"]);

    let request = &server.requests()[0];
    assert_eq!(request.header("authorization"), Some("Bearer very-secret-token"));
    assert_eq!(request.header("user-agent"), Some(concat!("kv-cloudflare/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(request.header("accept-encoding"), Some("gzip"));
}

#[tokio::test]
async fn only_the_code_of_an_absent_key_means_absence() {
    let rows = [
        (Reaction::absent(), None),
        (Reaction::error(404, 10_013, "get: 'namespace not found'"), Some(ErrorKind::NamespaceNotFound)),
        (Reaction::status(404, "not found"), Some(ErrorKind::Other)),
        (Reaction::error(404, 7_000, "No route for that URI"), Some(ErrorKind::Other)),
    ];
    for (reaction, kind) in rows {
        let server = ScriptedServer::in_order(vec![reaction.clone()]).await;
        let outcome = server.client().read(KEY, GetOptions::default()).await;
        assert_eq!(outcome.as_ref().err().map(kv_core::Error::kind), kind, "{reaction:?}");
        assert_eq!(outcome.ok().flatten(), None);
    }
}

/// A compressed answer is decompressed.
#[tokio::test]
async fn compressed_answers_are_read() {
    let compressed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\x49\xad\x28\x51\x28\x21\x85\x00\x00\x12\xad\xe3\x51\x32\x00\x00\x00";
    let server =
        ScriptedServer::in_order(vec![Reaction::value(&compressed[..]).with("content-encoding", "gzip")])
            .await;
    let client = server.client();
    for _ in 0..5 {
        let entry = client.read(KEY, GetOptions::default()).await.unwrap().unwrap();
        assert_eq!(entry.value, b"text ".repeat(10));
    }
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn no_more_than_512_bytes_of_an_answer_are_quoted() {
    let long = "0123456789".repeat(1_000);
    let rows = [Reaction::status(400, long.clone()), Reaction::error(400, 10_012, &long)];
    for reaction in rows {
        let server = ScriptedServer::in_order(vec![reaction]).await;
        let message = server.client().read(KEY, GetOptions::default()).await.unwrap_err().to_string();
        assert!(message.contains(&long[..512]) && !message.contains(&long[..513]), "{message}");
    }
}

#[tokio::test]
async fn a_malformed_expiration_is_an_error() {
    for header in ["soon", "1.5", "-1", "253402300800", ""] {
        let server = ScriptedServer::in_order(vec![Reaction::value("v").with("expiration", header)]).await;
        let error = server.client().read(KEY, GetOptions::default()).await.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Other, Some("read")), "{header:?}");
        assert_eq!(error.key(), Some(&KEY));
    }
}

/// Value and metadata take two concurrent requests, for texts and bytes alike.
#[tokio::test]
async fn a_read_with_metadata_is_two_concurrent_requests() {
    let text = json!({ "value": "text", "metadata": { "z": 1, "a": [2] }, "expiration": 1_700_000_060 });
    let bytes = json!({ "value": "a\u{fffd}\u{fffd}z", "metadata": null });
    let rows = [(&b"text"[..], text, Some(r#"{"a":[2],"z":1}"#)), (b"a\xff\xfez", bytes, None)];
    for (value, whole, metadata) in rows {
        let body = found(whole);
        let server = ScriptedServer::new(move |request| match request.method.as_str() {
            "GET" => Reaction::value(value),
            _ => body.clone(),
        })
        .await;
        let entry = server.client().read(KEY, with_metadata()).await.unwrap().unwrap();
        assert_eq!(entry.value, value);
        assert_eq!(entry.metadata.as_ref().map(Metadata::as_str), metadata);
        let mut lines = server.request_lines();
        lines.sort();
        assert_eq!(lines, ["GET /values/a%2Fb", "POST /bulk/get"]);
        let requests = server.requests();
        let query =
            requests.iter().find(|request| request.method == "POST").map(ReceivedRequest::json).unwrap();
        assert_eq!(query, json!({ "keys": ["a/b"], "type": "text", "withMetadata": true }));
        assert_eq!(server.max_concurrent(), 2, "the two requests run together");
    }
}

/// Server with a list of answers for each of the two requests of a read with metadata.
async fn torn(values: Vec<Reaction>, wholes: Vec<Reaction>) -> ScriptedServer {
    let value = AtomicUsize::new(0);
    let whole = AtomicUsize::new(0);
    let next = |turn: &AtomicUsize, from: &[Reaction]| {
        from[turn.fetch_add(1, Ordering::SeqCst).min(from.len() - 1)].clone()
    };
    ScriptedServer::new(move |request| match request.line().as_str() {
        "GET /values/a%2Fb" => next(&value, &values),
        "POST /bulk/get" => next(&whole, &wholes),
        "GET /metadata/a%2Fb" => Reaction::result(json!("single")),
        other => panic!("{other}"),
    })
    .await
}

#[test]
fn a_torn_pair_is_read_again() {
    on_paused_time(async {
        let value = |text: &'static [u8]| Reaction::value(text);
        let whole = |text: &str, metadata: &str| found(json!({ "value": text, "metadata": metadata }));
        let none = || found(json!(null));
        // What the two requests are answered, and the metadata of the outcome after how many requests.
        let rows = [
            (
                "absent at first",
                vec![Reaction::absent(), value(b"v")],
                vec![whole("v", "m")],
                Some("\"m\""),
                4,
            ),
            (
                "its metadata absent at first",
                vec![value(b"v")],
                vec![none(), whole("v", "m")],
                Some("\"m\""),
                4,
            ),
            ("removed in between", vec![value(b"v"), Reaction::absent()], vec![none()], None, 4),
            ("absent", vec![Reaction::absent()], vec![none()], None, 2),
            // Two writes of bytes: the value of one, the metadata of the other.
            (
                "of two writes",
                vec![value(b"\xff1"), value(b"\xff2")],
                vec![whole("\u{fffd}2", "2")],
                Some("\"2\""),
                4,
            ),
            // The service decodes the bytes to another text than we do: the metadata takes a request of its
            // own.
            ("another text", vec![value(b"\xff1")], vec![whole("\u{fffd}", "2")], Some("\"single\""), 5),
            // The whole entry at one moment is right whatever the other request saw.
            ("text of two writes", vec![value(b"1")], vec![whole("2", "2")], Some("\"2\""), 2),
            (
                "no bulk get",
                vec![value(b"v")],
                vec![Reaction::error(413, 10_024, "too large")],
                Some("\"single\""),
                3,
            ),
            (
                "no bulk get for bytes",
                vec![value(b"v")],
                vec![Reaction::error(400, 10_029, "no")],
                Some("\"single\""),
                3,
            ),
        ];
        for (case, values, wholes, metadata, requests) in rows {
            let server = torn(values, wholes).await;
            let entry = server.client().read(KEY, with_metadata()).await.unwrap();
            let found = entry.map(|entry| entry.metadata.unwrap().as_str().to_owned());
            assert_eq!(found.as_deref(), metadata, "{case}");
            assert_eq!(server.requests().len(), requests, "{case}: {:?}", server.request_lines());
        }
    });
}

#[test]
fn a_pair_that_stays_torn_is_unavailable() {
    on_paused_time(async {
        let server = torn(vec![Reaction::value("v")], vec![found(json!(null))]).await;
        let error = server.client().read(KEY, with_metadata()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(server.requests().len(), 10);
    });
}

#[tokio::test]
async fn presence_and_metadata_are_one_request_each() {
    let rows = [
        (Reaction::result(json!({ "z": 1 })), true, Some(r#"{"z":1}"#)),
        (Reaction::result(json!("text")), true, Some(r#""text""#)),
        (Reaction::result(json!(null)), true, None),
        (Reaction::absent(), false, None),
    ];
    for (reaction, exists, metadata) in rows {
        let server = ScriptedServer::in_order(vec![reaction]).await;
        let client = server.client();
        assert_eq!(client.exists(KEY).await.unwrap(), exists);
        let found = client.get_metadata("a/b".to_owned()).await.unwrap();
        assert_eq!(found.as_ref().map(Metadata::as_str), metadata);
        assert_eq!(server.request_lines(), ["GET /metadata/a%2Fb"; 2]);
    }
}

#[tokio::test]
async fn errors_of_presence_and_metadata_name_their_call() {
    let server = ScriptedServer::in_order(vec![Reaction::error(404, 10_013, "namespace not found")]).await;
    let client = server.client();
    let failed = [client.exists(KEY).await.map(drop), client.get_metadata(KEY).await.map(drop)];
    for (outcome, operation) in failed.into_iter().zip(["exists", "get_metadata"]) {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::NamespaceNotFound, Some(operation)));
        assert_eq!(error.key(), Some(&KEY));
    }
    assert_eq!(client.exists("").await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(server.requests().len(), 2, "an invalid key is not sent");
}
