//! Keys in paths: as one segment, or as the rest of the path.

use std::fmt::Write as _;

use axum::body::Body;
use kv_core::KvNamespaceExt as _;
use kv_testkit::strategies;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::{prelude::*, test_runner::TestRunner};
use tokio::runtime::Runtime;

use crate::support::server::Server;

/// Characters that a path cannot hold, and those that would end the segment.
const SEGMENT: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'\\');
/// Characters that `encodeURIComponent` escapes.
const COMPONENT: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// Encodings of a key, from the fewest escapes possible to one for each byte.
fn encodings(key: &str) -> [String; 4] {
    let mut every_byte = String::new();
    for byte in key.bytes() {
        write!(every_byte, "%{byte:02x}").unwrap();
    }
    [
        utf8_percent_encode(key, &SEGMENT).to_string(),
        utf8_percent_encode(key, &COMPONENT).to_string(),
        utf8_percent_encode(key, NON_ALPHANUMERIC).to_string(),
        every_byte,
    ]
}

#[test]
fn every_key_comes_through_every_encoding() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start());
    let namespace = runtime.block_on(server.namespace("n"));
    let stored = runtime.block_on(server.store.open_namespace("n")).unwrap();
    let odd = [
        "/",
        "%",
        "%2F",
        "+",
        "a b",
        "\0",
        "\n",
        "👩‍🚀",
        "a/../b",
        "...",
        "a+b=c&d;e,f@g:h!",
        "é",
        "__proto__",
        "42",
    ];
    let keys = prop_oneof![
        strategies::keys(),
        proptest::sample::select(odd.map(str::to_owned).to_vec()),
        Just("x".repeat(512)),
        Just("👩".repeat(128)),
    ];
    let test = |key: String| {
        runtime.block_on(async {
            let written = encodings(&key);
            for (index, encoded) in written.iter().enumerate() {
                let value = format!("value {index}");
                let path = format!("{namespace}/values/{encoded}");
                server.ask("PUT", &path, value.clone()).await.result();
                assert_eq!(
                    stored.get_text(&*key).await.unwrap(),
                    Some(value.clone()),
                    "{key:?} as {encoded}"
                );
                // Read by another of the encodings.
                let other = format!("{namespace}/values/{}", written[(index + 1) % written.len()]);
                assert_eq!(server.ask("GET", &other, Body::empty()).await.body, value, "{key:?}");
            }
            server.ask("DELETE", &format!("{namespace}/values/{}", written[0]), Body::empty()).await.result();
            assert_eq!(stored.get(&*key).await.unwrap(), None);
        });
        Ok(())
    };
    let mut runner = TestRunner::new(ProptestConfig::with_cases(64));
    runner.run(&keys, test).unwrap();
}

/// Part of a path after `/values/`.
#[derive(Debug, Clone)]
enum Part {
    /// Text without slashes, and the index of its encoding.
    Text(String, usize),
    /// `%2F`.
    EncodedSlash,
    /// A run of slashes.
    RawSlashes(usize),
}

/// Path of the parts, and the key that it stands for; `None` if the path has to be refused.
fn path_and_key(parts: &[Part]) -> (String, Option<String>) {
    let mut path = String::new();
    // Texts between runs of raw slashes; the last one is empty if the path ends with a slash.
    let mut segments = vec![String::new()];
    for part in parts {
        let last = segments.last_mut().unwrap();
        match part {
            Part::Text(text, encoding) => {
                path += &encodings(text)[*encoding];
                last.push_str(text);
            }
            Part::EncodedSlash => {
                path += "%2F";
                last.push('/');
            }
            Part::RawSlashes(count) => {
                path += &"/".repeat(*count);
                if !last.is_empty() {
                    segments.push(String::new());
                }
            }
        }
    }
    let is_allowed = !segments.iter().any(|segment| matches!(segment.as_str(), "." | ".."));
    let key = Some(segments.join("/")).filter(|key| is_allowed && !key.is_empty());
    (path, key)
}

#[test]
fn every_path_reaches_its_key_or_is_refused() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start());
    let namespace = runtime.block_on(server.namespace("n"));
    let texts =
        ["a", "b c", ".", "..", "...", "keys", "values", "bulk", "get", "%", "%2F", "+", "?", "#", "é", "\0"];
    let name = proptest::sample::select(texts.map(str::to_owned).to_vec());
    let part = prop_oneof![
        3 => (name, 0..4_usize).prop_map(|(text, encoding)| Part::Text(text, encoding)),
        1 => Just(Part::EncodedSlash),
        2 => (1..4_usize).prop_map(Part::RawSlashes),
    ];
    let test = |parts: Vec<Part>| {
        let (path, key) = path_and_key(&parts);
        runtime.block_on(async {
            let response = server.ask("PUT", &format!("{namespace}/values/{path}"), path.clone()).await;
            let stored = server.contents().await.remove("n").unwrap();
            let stored: Vec<_> = stored.into_keys().collect();
            let Some(key) = key else {
                assert_eq!((response.failure(), stored), ((400, 10042), Vec::new()), "{path}");
                return;
            };
            assert_eq!((response.result(), stored), (serde_json::Value::Null, vec![key.clone()]), "{path}");
            // The same key, encoded as one segment.
            let segment = &encodings(&key)[3];
            let get = server.ask("GET", &format!("{namespace}/values/{segment}"), Body::empty()).await;
            assert_eq!(get.body, path);
            server.ask("GET", &format!("{namespace}/metadata/{path}"), Body::empty()).await.result();
            server.ask("DELETE", &format!("{namespace}/values/{path}"), Body::empty()).await.result();
            assert!(server.contents().await["n"].is_empty(), "{path}");
        });
        Ok(())
    };
    let mut runner = TestRunner::new(ProptestConfig::with_cases(128));
    runner.run(&proptest::collection::vec(part, 0..6), test).unwrap();
}

#[tokio::test]
async fn a_key_may_look_like_an_endpoint() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    for key in
        ["keys", "bulk", "bulk/get", "bulk/delete", "values/k", "metadata/k", "keys/", "client/v4/accounts"]
    {
        server.ask("PUT", &format!("{namespace}/values/{key}"), key).await.result();
        assert_eq!(server.stored("n", key).await.unwrap(), key);
        assert_eq!(server.ask("GET", &format!("{namespace}/values/{key}"), Body::empty()).await.body, key);
        server.ask("GET", &format!("{namespace}/metadata/{key}"), Body::empty()).await.result();
    }
}

#[tokio::test]
async fn a_path_in_which_a_client_resolved_dots_changes_no_namespace() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    server.ask("PUT", &format!("{namespace}/values/k"), "v").await.result();
    let before = server.contents().await;
    // Sent for the key `..` by a client that resolves dots; the body would be the key's value.
    for method in ["GET", "PUT", "DELETE"] {
        let response = server.ask(method, &format!("{namespace}/"), r#"{"title":"renamed"}"#).await;
        assert_eq!(response.failure(), (400, 7000), "{method}");
    }
    assert_eq!(server.contents().await, before);
}

#[tokio::test]
async fn an_invalid_key_is_refused_by_every_method() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let long = "x".repeat(513);
    let long_encoded = "%C3%A9".repeat(257);
    let table = [
        ("", 400, 10042),
        (".", 400, 10042),
        ("..", 400, 10042),
        ("%2e", 400, 10042),
        ("%2E.", 400, 10042),
        ("/", 400, 10042),
        ("//..", 400, 10042),
        ("a/../b", 400, 10042),
        ("a/%2e%2E", 400, 10042),
        ("%", 400, 10042),
        ("a%2", 400, 10042),
        ("%zz", 400, 10042),
        ("%+1", 400, 10042),
        ("%ff", 400, 10042),
        ("%C3", 400, 10042),
        ("%ED%A0%80", 400, 10042),
        (&*long, 414, 10030),
        (&*long_encoded, 414, 10030),
    ];
    for (key, status, code) in table {
        for method in ["GET", "PUT", "DELETE"] {
            let response = server.ask(method, &format!("{namespace}/values/{key}"), "v").await;
            assert_eq!(response.failure(), (status, code), "{method} {key}");
        }
        let response = server.ask("GET", &format!("{namespace}/metadata/{key}"), Body::empty()).await;
        assert_eq!(response.failure(), (status, code), "metadata {key}");
    }
    assert_eq!(server.contents().await["n"].len(), 0);
}

#[tokio::test]
async fn a_key_is_decoded_once() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    for (encoded, key) in [("%252F", "%2F"), ("a+b", "a+b"), ("a%20b", "a b"), ("%2525", "%25")] {
        server.ask("PUT", &format!("{namespace}/values/{encoded}"), encoded).await.result();
        assert_eq!(server.stored("n", key).await.unwrap(), encoded, "{key}");
    }
}
