//! Faults on the way to the service, and the errors that they lead to.

use std::{fmt::Write, time::Duration};

use kv_cloudflare::CloudflareNamespace;
use kv_core::{Error, ErrorKind, GetOptions, Key, KvNamespace, ListOptions, PutEntry, PutOptions, Value};
use serde_json::json;
use tokio::time::Instant;

use crate::paused_time::{on_paused_time, together};
use crate::scripted_server::{Reaction, ScriptedServer, TOKEN};

pub(crate) const KEY: Key<'static> = Key::from_static("user/secret-key");
const VALUE: &str = "very-secret-value";

/// Longest time of a call: its total time, and one step of the paused time.
const TOTAL: Duration = Duration::from_millis(120_100);

/// Makes the call of this name.
pub(crate) async fn call(kv: &CloudflareNamespace, name: &str) -> Result<(), Error> {
    let value = || Value::new(VALUE).unwrap();
    let text = GetOptions::default().with_text(true);
    match name {
        "read" => kv.read(KEY, GetOptions::default()).await.map(drop),
        "read with metadata" => kv.read(KEY, GetOptions::default().with_metadata(true)).await.map(drop),
        "write" => kv.write(KEY, value(), PutOptions::default()).await,
        "remove" => kv.remove(KEY).await,
        "list_page" => kv.list_page(ListOptions::default()).await.map(drop),
        "read_many" => kv.read_many(vec![KEY], text).await.map(drop),
        "write_many" => {
            let report = kv.write_many(vec![PutEntry::new(KEY, value()).unwrap()]).await?;
            report.into_result().map(drop)
        }
        "remove_many" => kv.remove_many(vec![KEY]).await?.into_result().map(drop),
        other => panic!("no call {other}"),
    }
}

const WITH_ENVELOPE: [&str; 6] = ["write", "remove", "list_page", "read_many", "write_many", "remove_many"];

const SINGLE_REQUEST: [&str; 6] = ["read", "write", "remove", "list_page", "write_many", "remove_many"];

/// Returns the answer that lets a call succeed.
fn right(name: &str) -> Reaction {
    match name {
        "read" => Reaction::value("v"),
        "list_page" => Reaction::result(json!([])),
        "write_many" | "remove_many" => {
            Reaction::result(json!({ "successful_key_count": 1, "unsuccessful_keys": [] }))
        }
        _ => Reaction::result(json!(null)),
    }
}

pub(crate) fn head(length: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{length}\r\n").into_bytes()
}

fn with_body(length: &str, body: &str) -> Vec<u8> {
    [head(length), body.as_bytes().to_vec()].concat()
}

/// Checks that neither an error nor its sources show a secret.
pub(crate) fn assert_discreet(error: &Error, what: &str) {
    let mut seen = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        write!(seen, " {cause} {cause:?}").unwrap();
        source = cause.source();
    }
    for secret in [TOKEN, VALUE, KEY.as_str(), "user%2Fsecret-key", "user%2fsecret-key"] {
        assert!(!seen.contains(secret), "{what}: {seen}");
    }
    assert!(error.to_string().len() < 1_024, "{what}: {error}");
}

/// After passing faults a call succeeds, with one request more than there were faults.
#[test]
fn passing_faults_are_retried() {
    on_paused_time(async {
        let busy = |status| Reaction::status(status, "<html>busy</html>");
        let rows = [
            ("429", Reaction::error(429, 971, "Please wait and consider throttling your request speed")),
            ("429, the other code", Reaction::error(429, 10_429, "Please wait")),
            ("429 without an envelope", busy(429)),
            ("429 with a wait", busy(429).with("retry-after", "3")),
            ("503 with a wait", busy(503).with("retry-after", "3")),
            ("500", busy(500)),
            ("502", busy(502)),
            ("503", Reaction::error(503, 10_001, "service temporarily unavailable")),
            ("524", busy(524)),
            ("408", busy(408)),
            (
                "unavailable with another status",
                Reaction::error(400, 10_001, "service temporarily unavailable"),
            ),
            ("reset at once", Reaction::Reset(Vec::new())),
            ("reset in the head", Reaction::Reset(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec())),
            ("reset in the body", Reaction::Reset(with_body("content-length: 1000\r\n", "{\"succ"))),
            ("closed at once", Reaction::Close(Vec::new())),
            ("truncated body", Reaction::Close(with_body("content-length: 1000\r\n", "{\"success\":true"))),
            (
                "truncated chunks",
                Reaction::Close(with_body("transfer-encoding: chunked\r\n", "5\r\n{\"suc\r\n")),
            ),
            ("no head", Reaction::Hang(Vec::new())),
            ("no rest of the body", Reaction::Hang(with_body("content-length: 1000\r\n", "{\"succ"))),
        ];
        let cases = rows.iter().flat_map(|row| SINGLE_REQUEST.map(|name| (row, name)));
        together(cases.map(async |((fault, reaction), name)| {
            let server =
                ScriptedServer::in_order(vec![reaction.clone(), reaction.clone(), right(name)]).await;
            let client = server.client();
            call(&client, name).await.unwrap_or_else(|error| panic!("{fault}, {name}: {error:?}"));
            assert_eq!(server.requests().len(), 3, "{fault}, {name}");
            let usage = client.usage();
            assert_eq!((usage.sent, usage.retried), (3, 2), "{fault}, {name}");
            assert_eq!(usage.limited, if fault.starts_with("429") { 2 } else { 0 }, "{fault}, {name}");
        }))
        .await;
    });
}

/// Lasting faults lead to an error of this kind after this number of requests.
#[test]
fn lasting_faults_are_errors() {
    on_paused_time(async {
        let echo =
            format!("<html>Authorization: Bearer {TOKEN}; {VALUE}; /values/user%2Fsecret-key {KEY}</html>");
        let endless = || Reaction::Endless(head(""));
        let complaint = |status, code| Reaction::error(status, code, "why: 'this'");
        let rows = [
            ("429", complaint(429, 971), ErrorKind::RateLimited, 5),
            ("429 with HTML", Reaction::status(429, echo.clone()), ErrorKind::RateLimited, 5),
            (
                "429 with a wait that is too long",
                complaint(429, 971).with("retry-after", "300"),
                ErrorKind::RateLimited,
                1,
            ),
            ("500", Reaction::status(500, echo.clone()), ErrorKind::Unavailable, 5),
            ("502", Reaction::status(502, echo.clone()), ErrorKind::Unavailable, 5),
            ("503", complaint(503, 10_001), ErrorKind::Unavailable, 5),
            ("524", Reaction::status(524, ""), ErrorKind::Unavailable, 5),
            (
                "a reset",
                Reaction::Reset(with_body("content-length: 1000\r\n", "{")),
                ErrorKind::Unavailable,
                5,
            ),
            (
                "a truncated body",
                Reaction::Close(with_body("content-length: 99\r\n", "{")),
                ErrorKind::Unavailable,
                5,
            ),
            // A byte is not too late, but the end is: the first attempt takes all of the time.
            (
                "a trickle",
                Reaction::Trickle(head("content-length: 50000\r\n"), Duration::from_secs(10)),
                ErrorKind::Unavailable,
                1,
            ),
            ("no answer", Reaction::Hang(Vec::new()), ErrorKind::Unavailable, 4),
            ("an endless body", endless(), ErrorKind::Other, 1),
            (
                "an endless error",
                Reaction::Endless(b"HTTP/1.1 400 Bad\r\n\r\n".to_vec()),
                ErrorKind::Other,
                1,
            ),
            (
                "a body announced too long",
                Reaction::Hang(head("content-length: 99999999999\r\n")),
                ErrorKind::Other,
                1,
            ),
            (
                "a redirect",
                Reaction::status(302, echo.clone()).with("location", "http://127.0.0.1:9/"),
                ErrorKind::Other,
                1,
            ),
            ("400 with HTML", Reaction::status(400, echo.clone()), ErrorKind::Other, 1),
            ("404 with HTML", Reaction::status(404, echo.clone()), ErrorKind::Other, 1),
            ("401 with HTML", Reaction::status(401, echo.clone()), ErrorKind::Unauthorized, 1),
            ("403", complaint(403, 10_000), ErrorKind::Unauthorized, 1),
            ("413", Reaction::status(413, echo.clone()), ErrorKind::InvalidInput, 1),
            ("10024", complaint(413, 10_024), ErrorKind::InvalidInput, 1),
            ("10429", complaint(429, 10_429), ErrorKind::RateLimited, 5),
            ("9109", complaint(400, 9_109), ErrorKind::Unauthorized, 1),
            ("10013", complaint(404, 10_013), ErrorKind::NamespaceNotFound, 1),
            ("10048", complaint(429, 10_048), ErrorKind::QuotaExceeded, 1),
            ("10034", complaint(400, 10_034), ErrorKind::InvalidInput, 1),
            ("7003", complaint(404, 7_003), ErrorKind::Other, 1),
            ("an unknown code", complaint(418, 4_711), ErrorKind::Other, 1),
        ];
        let cases = rows.iter().flat_map(|row| SINGLE_REQUEST.map(|name| (row, name)));
        together(cases.map(async |((fault, reaction, kind, requests), name)| {
            let server = ScriptedServer::in_order(vec![reaction.clone()]).await;
            let start = Instant::now();
            let error = call(&server.client(), name).await.expect_err(fault);
            assert!(start.elapsed() <= TOTAL, "{fault}, {name}: {:?}", start.elapsed());
            assert_eq!(error.kind(), *kind, "{fault}, {name}: {error:?}");
            assert_eq!(server.requests().len(), *requests, "{fault}, {name}: {error:?}");
            assert_eq!(error.operation(), Some(name), "{fault}");
            assert_eq!(error.backend(), "kv-cloudflare");
            assert_eq!(error.is_retryable(), kind.is_retryable());
            assert_discreet(&error, &format!("{fault}, {name}"));
            if ["read", "write", "remove"].contains(&name) {
                assert_eq!(error.key(), Some(&KEY), "{fault}, {name}");
            }
        }))
        .await;
    });
}

const A_RESULT: &str = "a result of another form";

/// Bodies with status 200 that are not envelopes.
#[test]
fn a_body_without_an_envelope_is_an_error() {
    on_paused_time(async {
        let failed = |errors| json!({ "success": false, "errors": errors, "result": null }).to_string();
        let rows = [
            ("HTML", format!("<html>{TOKEN} {VALUE}</html>"), ErrorKind::Other, 1),
            ("nothing", String::new(), ErrorKind::Other, 1),
            ("half of an envelope", "{\"success\":true,\"result\":".to_owned(), ErrorKind::Other, 1),
            ("another object", "{\"values\":{}}".to_owned(), ErrorKind::Other, 1),
            ("text that is no JSON", "{success:true}".to_owned(), ErrorKind::Other, 1),
            (A_RESULT, "{\"success\":true,\"result\":7}".to_owned(), ErrorKind::Other, 1),
            ("a failure without a reason", failed(json!([])), ErrorKind::Other, 1),
            (
                "a failure",
                failed(json!([{ "code": 10_013, "message": "namespace not found" }])),
                ErrorKind::NamespaceNotFound,
                1,
            ),
            (
                "a failure that may pass",
                failed(json!([{ "code": 10_001, "message": "later" }])),
                ErrorKind::Unavailable,
                5,
            ),
            (
                "too many requests",
                failed(json!([{ "code": 971, "message": "later" }])),
                ErrorKind::RateLimited,
                5,
            ),
        ];
        // A value is bytes, whatever they are, and a single write takes any result.
        let has_result = |name: &&str| !["write", "remove"].contains(name);
        let cases = rows.iter().flat_map(|row| WITH_ENVELOPE.map(|name| (row, name)));
        let cases = cases.filter(|((body, ..), name)| *body != A_RESULT || has_result(name));
        together(cases.map(async |((body, text, kind, requests), name)| {
            let server = ScriptedServer::in_order(vec![Reaction::status(200, text.clone())]).await;
            let error = call(&server.client(), name).await.expect_err(body);
            let outcome = (error.kind(), server.requests().len());
            assert_eq!(outcome, (*kind, *requests), "{body}, {name}: {error:?}");
            assert_discreet(&error, body);
        }))
        .await;
    });
}

/// Keys that the service accepts but does not apply are retried.
#[test]
fn keys_that_are_never_applied_are_reported() {
    on_paused_time(async {
        let refused = json!({ "successful_key_count": 0, "unsuccessful_keys": [KEY.as_str()] });
        let refused = Reaction::result(refused);
        together(["write_many", "remove_many"].map(async |name| {
            let server = ScriptedServer::in_order(vec![refused.clone()]).await;
            let error = call(&server.client(), name).await.unwrap_err();
            assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, Some(name)));
            assert_eq!(server.requests().len(), 5, "{name}");
            assert_discreet(&error, name);

            let server = ScriptedServer::in_order(vec![refused.clone(), right(name)]).await;
            call(&server.client(), name).await.unwrap();
            assert_eq!(server.requests().len(), 2, "{name}");
        }))
        .await;
    });
}

/// The answer is too long, not the request, so the request is not halved.
#[tokio::test]
async fn an_endless_answer_is_requested_once() {
    let server = ScriptedServer::in_order(vec![Reaction::Endless(head(""))]).await;
    let entries = (0..8).map(|number| PutEntry::new(number.to_string(), "v").unwrap()).collect();
    let report = server.client().write_many(entries).await.unwrap();
    assert_eq!((report.failed.len(), report.failed[0].error.kind()), (8, ErrorKind::Other));
    assert_eq!(server.requests().len(), 1);
}
