//! Writes and removals of one key.

use std::{sync::Arc, time::Duration};

use kv_core::{Clock, Entry, Expiration, Key, KvNamespace, Metadata, PutOptions, Timestamp, Value};
use kv_testkit::ManualClock;
use serde_json::json;

use crate::scripted_server::{Reaction, ScriptedServer};

const KEY: Key<'static> = Key::from_static("a b");

async fn done() -> ScriptedServer {
    ScriptedServer::in_order(vec![Reaction::result(json!(null))]).await
}

#[tokio::test]
async fn expiry_and_value_are_sent_exactly() {
    let clock = ManualClock::default();
    let now = clock.now().as_secs();
    let at = |seconds: u64| Timestamp::from_secs(seconds).unwrap();
    let carried = |seconds| Expiration::of(&Entry::new(()).with_expires_at(at(seconds)));
    let rows = [
        (None, "PUT /values/a%20b".to_owned()),
        (
            Some(Expiration::after(Duration::from_secs(60)).unwrap()),
            "PUT /values/a%20b?expiration_ttl=60".to_owned(),
        ),
        (
            Some(Expiration::at(at(now + 60), clock.now()).unwrap()),
            format!("PUT /values/a%20b?expiration={}", now + 60),
        ),
        (carried(now + 59), "PUT /values/a%20b?expiration_ttl=60".to_owned()),
        (carried(now), "DELETE /values/a%20b".to_owned()),
    ];
    for (expiration, line) in rows {
        let server = done().await;
        let client = server.builder().clock(Arc::new(clock.clone())).build().unwrap();
        let options = PutOptions::default().with_expiration(expiration);
        client.write(KEY, Value::new("v\0\u{e9}").unwrap(), options).await.unwrap();
        assert_eq!(server.request_lines(), std::slice::from_ref(&line));
        let body: &[u8] = if line.starts_with("PUT") { b"v\0\xc3\xa9" } else { b"" };
        assert_eq!(server.requests()[0].body, body);
    }
}

#[tokio::test]
async fn a_write_with_metadata_is_a_form_of_known_length() {
    let text = r#"{"z":12345678901234567890.5,"a":"é"}"#;
    let bytes = [&[0, 255, 13, 10, 45, 45][..], &vec![b'x'; 200_000]].concat();
    for value in [&bytes[..], b"", b"v"] {
        let server = done().await;
        let options = PutOptions::from(Metadata::parse(text).unwrap())
            .with_expiration(Expiration::after(Duration::from_secs(61)).unwrap());
        server.client().write(KEY, Value::new(value).unwrap(), options).await.unwrap();
        let request = &server.requests()[0];
        assert_eq!(request.line(), "PUT /values/a%20b?expiration_ttl=61");
        assert_eq!(request.header("content-length"), Some(request.body.len().to_string().as_str()));
        assert_eq!(request.header("transfer-encoding"), None);
        let expected =
            [("value".to_owned(), value.to_vec()), ("metadata".to_owned(), text.as_bytes().to_vec())];
        assert_eq!(request.form_parts(), expected);
    }
}

#[tokio::test]
async fn an_empty_result_is_accepted_in_any_form() {
    for result in [json!(null), json!({}), json!("done")] {
        let server = ScriptedServer::in_order(vec![Reaction::result(result)]).await;
        let client = server.client();
        client.write(KEY, Value::default(), PutOptions::default()).await.unwrap();
        client.remove(KEY).await.unwrap();
        assert_eq!(server.request_lines(), ["PUT /values/a%20b", "DELETE /values/a%20b"]);
        assert_eq!(server.requests()[0].header("content-length"), Some("0"));
    }
}
