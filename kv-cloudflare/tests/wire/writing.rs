//! Writes and removals of one key.

use std::{sync::Arc, time::Duration};

use kv_core::{Clock, Entry, Expiration, Key, KvNamespace, Metadata, PutOptions, Timestamp, Value};
use kv_testkit::ManualClock;
use serde_json::json;

use crate::scripted::{Asked, Reaction, Scripted};

const KEY: Key<'static> = Key::from_static("a b");

async fn done() -> Scripted {
    Scripted::in_turn(vec![Reaction::result(json!(null))]).await
}

#[tokio::test]
async fn what_is_said_is_what_is_sent() {
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
        assert_eq!(server.lines(), std::slice::from_ref(&line));
        let body: &[u8] = if line.starts_with("PUT") { b"v\0\xc3\xa9" } else { b"" };
        assert_eq!(server.asked()[0].body, body);
    }
}

/// The parts of a form, by name.
fn parts(asked: &Asked) -> Vec<(String, Vec<u8>)> {
    let boundary = asked.header("content-type").unwrap().split_once("boundary=").unwrap().1;
    let mut rest = &asked.body[..];
    let mut parts = Vec::new();
    let delimiter = format!("--{boundary}").into_bytes();
    let find =
        |haystack: &[u8], needle: &[u8]| haystack.windows(needle.len()).position(|window| window == needle);
    while let Some(start) = find(rest, &delimiter) {
        rest = &rest[start + delimiter.len()..];
        let Some(end) = find(rest, &delimiter) else { break };
        let part = rest[..end].strip_prefix(b"\r\n").unwrap().strip_suffix(b"\r\n").unwrap();
        let head = find(part, b"\r\n\r\n").unwrap();
        let name = String::from_utf8(part[..head].to_vec()).unwrap();
        let name = name.split_once("name=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
        parts.push((name, part[head + 4..].to_vec()));
    }
    parts
}

#[tokio::test]
async fn metadata_makes_it_a_form_of_exact_length() {
    let (text, bytes) = (
        r#"{"z":12345678901234567890.5,"a":"é"}"#,
        [&[0, 255, 13, 10, 45, 45][..], &vec![b'x'; 200_000]].concat(),
    );
    for value in [&bytes[..], b"", b"v"] {
        let server = done().await;
        let options = PutOptions::from(Metadata::parse(text).unwrap())
            .with_expiration(Expiration::after(Duration::from_secs(61)).unwrap());
        server.client().write(KEY, Value::new(value).unwrap(), options).await.unwrap();
        let asked = &server.asked()[0];
        assert_eq!(asked.line(), "PUT /values/a%20b?expiration_ttl=61");
        assert_eq!(asked.header("content-length"), Some(asked.body.len().to_string().as_str()));
        assert_eq!(asked.header("transfer-encoding"), None);
        let expected =
            [("value".to_owned(), value.to_vec()), ("metadata".to_owned(), text.as_bytes().to_vec())];
        assert_eq!(parts(asked), expected);
    }
}

#[tokio::test]
async fn every_result_that_says_nothing_is_taken() {
    for result in [json!(null), json!({}), json!("done")] {
        let server = Scripted::in_turn(vec![Reaction::result(result)]).await;
        let client = server.client();
        client.write(KEY, Value::default(), PutOptions::default()).await.unwrap();
        client.remove(KEY).await.unwrap();
        assert_eq!(server.lines(), ["PUT /values/a%20b", "DELETE /values/a%20b"]);
        assert_eq!(server.asked()[0].header("content-length"), Some("0"));
    }
}
