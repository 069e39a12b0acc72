//! Errors: status and exact reason phrase of each, in the order of the checks.

use kv_core::KvStore as _;
use tokio::io::AsyncWriteExt as _;

use crate::{
    client::{NOW, TITLE, ask, ask_with, headers_for, send, start},
    support::{
        client::{head, read_response},
        server::Server,
    },
};

const MAX_VALUE: usize = 26_214_400;

/// Request, and the status and reason phrase of its response.
struct Case {
    method: &'static str,
    target: String,
    headers: String,
    body: String,
    expected: (u16, &'static str),
}

fn case(method: &'static str, target: impl Into<String>, expected: (u16, &'static str)) -> Case {
    Case { method, target: target.into(), headers: String::new(), body: String::new(), expected }
}

impl Case {
    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers = [&self.headers, name, ": ", value, "\r\n"].concat();
        self
    }

    fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }
}

/// Sends the requests to a server with an old entry `k`, and checks that none of them changes the namespace.
async fn check(cases: Vec<Case>) {
    let server = start().await;
    assert_eq!(ask(&server, "PUT", "/k", "old").await.status, 200);
    let before = server.contents().await;
    for Case { method, target, headers, body, expected } in cases {
        let response = ask_with(&server, method, &target, &headers, &body).await;
        let shown: String = format!("{method} {target} {headers} {body}").chars().take(200).collect();
        assert_eq!(response.status_line(), expected, "{shown}");
        assert_eq!(response.text(), expected.1, "{shown}");
    }
    assert_eq!(server.contents().await, before);
}

const EMPTY: (u16, &str) = (400, "Key names must not be empty");
const DOT: (u16, &str) = (400, "Illegal key name \".\". Please use a different name.");
const DOTS: (u16, &str) = (400, "Illegal key name \"..\". Please use a different name.");
const LONG: (u16, &str) = (414, "UTF-8 encoded length of 513 exceeds key length limit of 512.");
const UNDECODABLE: (u16, &str) = (400, "Could not URL-decode key name");

#[tokio::test]
async fn invalid_keys_are_refused() {
    let mut cases = Vec::new();
    for method in ["GET", "PUT", "DELETE"] {
        let long = "x".repeat(513);
        for literal in ["/.", "/%2E?urlencoded=true"] {
            cases.push(case(method, literal, DOT));
        }
        for literal in ["/..", "/%2e.?urlencoded=TRUE"] {
            cases.push(case(method, literal, DOTS));
        }
        cases.push(case(method, format!("/{long}"), LONG));
        cases.push(case(method, format!("/{long}?urlencoded=true"), LONG));
        // Bytes count, not characters.
        let bytes = (414, "UTF-8 encoded length of 514 exceeds key length limit of 512.");
        cases.push(case(method, format!("/{}?urlencoded=true", "%C3%A9".repeat(257)), bytes));
        for malformed in ["%", "%2", "%zz", "a%f", "%ff", "%ED%A0%80", "%C3%28"] {
            cases.push(case(method, format!("/{malformed}?urlencoded=true"), UNDECODABLE));
        }
    }
    cases.push(case("PUT", "/", EMPTY));
    cases.push(case("PUT", "/?urlencoded=true", EMPTY));
    cases.push(case("DELETE", "/?urlencoded=true", EMPTY));
    check(cases).await;
}

#[tokio::test]
async fn an_absent_key_or_a_bad_cache_ttl_is_refused() {
    let ttl = |target: &str, reason| case("GET", target.to_owned(), (400, reason));
    check(vec![
        case("GET", "/absent", (404, "Not Found")),
        case("GET", "/absent?urlencoded=true&cache_ttl=30", (404, "Not Found")),
        case("GET", "/absent?cache_ttl=2147483647", (404, "Not Found")),
        // Checked before the key is looked up.
        ttl("/absent?cache_ttl=10", "Invalid cache_ttl of 10. Cache TTL must be at least 30."),
        ttl("/k?cache_ttl=29", "Invalid cache_ttl of 29. Cache TTL must be at least 30."),
        ttl("/k?cache_ttl=0", "Invalid cache_ttl of 0. Cache TTL must be at least 30."),
        ttl("/k?cache_ttl=-1", "Invalid cache_ttl of -1. Cache TTL must be at least 30."),
        ttl("/k?cache_ttl=", "Invalid cache_ttl of . Cache TTL must be at least 30."),
        ttl(
            "/k?cache_ttl=2147483648",
            "Invalid cache_ttl of 2147483648. Cache TTL must be at most 2147483647.",
        ),
        ttl("/k?cache_ttl=%zz", "Could not URL-decode cache_ttl"),
        case("GET", "/.?cache_ttl=10", DOT),
    ])
    .await;
}

#[tokio::test]
async fn bad_expirations_are_refused() {
    let ttl =
        |text: &str, reason| case("PUT", format!("/k?expiration_ttl={text}"), (400, reason)).body("new");
    let at = |text: &str, reason| case("PUT", format!("/k?expiration={text}"), (400, reason)).body("new");
    assert_eq!(NOW, 1000);
    check(vec![
        ttl("0", "Invalid expiration_ttl of 0. Please specify integer greater than 0."),
        ttl("-1", "Invalid expiration_ttl of -1. Please specify integer greater than 0."),
        ttl("x", "Invalid expiration_ttl of x. Please specify integer greater than 0."),
        ttl("%0D%0Ax", "Invalid expiration_ttl of   x. Please specify integer greater than 0."),
        ttl("1", "Invalid expiration_ttl of 1. Expiration TTL must be at least 60."),
        ttl("59", "Invalid expiration_ttl of 59. Expiration TTL must be at least 60."),
        at("0", "Invalid expiration of 0. Please specify integer greater than the current number of seconds since the UNIX epoch."),
        at("-5", "Invalid expiration of -5. Please specify integer greater than the current number of seconds since the UNIX epoch."),
        at("1000", "Invalid expiration of 1000. Please specify integer greater than the current number of seconds since the UNIX epoch."),
        at("1001", "Invalid expiration of 1001. Expiration times must be at least 60 seconds in the future."),
        at("1059", "Invalid expiration of 1059. Expiration times must be at least 60 seconds in the future."),
        // The TTL wins, and the expiration beside it is not checked.
        case("PUT", "/k?expiration=2000&expiration_ttl=59", (400, "Invalid expiration_ttl of 59. Expiration TTL must be at least 60.")),
    ])
    .await;
}

#[tokio::test]
async fn bad_metadata_is_refused() {
    let put = |metadata: &str, status, reason| {
        case("PUT", "/k", (status, reason)).header("cf-kv-metadata", metadata).body("new")
    };
    let too_long = "Metadata length of 1025 exceeds limit of 1024.";
    check(vec![
        put(&format!("\"{}\"", "x".repeat(1023)), 413, too_long),
        put(&format!("\"{}é\"", "x".repeat(1021)), 413, too_long),
        put("{", 400, "metadata is not JSON: error at line 1, column 1"),
        put("", 400, "metadata is not JSON: error at line 1, column 0"),
    ])
    .await;
}

#[tokio::test]
async fn bad_parameters_of_a_listing_are_refused() {
    let list = |query: &str, status, reason| case("GET", format!("/?{query}"), (status, reason));
    let long = format!("prefix={}", "x".repeat(513));
    check(vec![
        list(
            "key_count_limit=0",
            400,
            "Invalid key_count_limit of 0. Please specify an integer greater than 0.",
        ),
        list(
            "key_count_limit=-1",
            400,
            "Invalid key_count_limit of -1. Please specify an integer greater than 0.",
        ),
        list(
            "key_count_limit=x",
            400,
            "Invalid key_count_limit of x. Please specify an integer greater than 0.",
        ),
        list(
            "key_count_limit=1001",
            400,
            "Invalid key_count_limit of 1001. Please specify an integer less than 1000.",
        ),
        list(
            "key_count_limit=99999999999999999999",
            400,
            "Invalid key_count_limit of 99999999999999999999. Please specify an integer less than 1000.",
        ),
        list(&long, LONG.0, LONG.1),
        list("prefix=%ff", 400, "Could not URL-decode prefix"),
        list("cursor=no", 400, "cursor is malformed: pass the last page's cursor unchanged, or none"),
        list(
            &format!("{long}&key_count_limit=0&cursor=no"),
            400,
            "Invalid key_count_limit of 0. Please specify an integer greater than 0.",
        ),
        list(&format!("{long}&cursor=no"), LONG.0, LONG.1),
    ])
    .await;
}

#[tokio::test]
async fn bad_bulk_gets_are_refused() {
    let post = |body: &str, status, reason| case("POST", "/bulk/get", (status, reason)).body(body);
    let keys = |count: usize| format!("{:?}", vec!["k"; count]);
    let too_many = "You can request a maximum of 100 keys";
    let bad_type = "\"arrayBuffer\" is not a valid type. Use \"json\" or \"text\"";
    let cache_ttl = "Invalid cache_ttl of 10. Cache TTL must be at least 30.";
    check(vec![
        post(r#"{"keys":[]}"#, 400, "You must request a minimum of 1 key"),
        post(&format!(r#"{{"keys":{}}}"#, keys(101)), 400, too_many),
        post(r#"{"keys":["k"],"type":"arrayBuffer"}"#, 400, bad_type),
        post(
            r#"{"keys":["k"],"type":"json"}"#,
            400,
            "At least one of the requested keys corresponds to a non-json value",
        ),
        post(r#"{"keys":["k"],"cacheTtl":"10"}"#, 400, cache_ttl),
        post(r#"{"keys":["k"],"cacheTtl":10}"#, 400, cache_ttl),
        post(r#"{"keys":["k",""]}"#, EMPTY.0, EMPTY.1),
        post(r#"{"keys":["k","."]}"#, DOT.0, DOT.1),
        post(r#"{"keys":["k",".."]}"#, DOTS.0, DOTS.1),
        post(&format!(r#"{{"keys":["{}"]}}"#, "x".repeat(513)), LONG.0, LONG.1),
        post("", 400, "Request body is malformed at line 1, column 0"),
        // An array of the members is not a body.
        post(r#"[["k"],"text",true]"#, 400, "Request body is malformed at line 1, column 0"),
        post(&"[".repeat(500_000), 400, "Request body is malformed at line 1, column 0"),
        post(r#"{"keys":["\ud800"]}"#, 400, "Request body is malformed at line 1, column 17"),
        post(&" ".repeat(1_048_577), 413, "Request length of 1048577 exceeds limit of 1048576."),
        // Order of checks: type, number of keys, then each key with the cache TTL.
        post(r#"{"keys":[],"type":"arrayBuffer"}"#, 400, bad_type),
        post(&format!(r#"{{"keys":{},"cacheTtl":"10"}}"#, keys(101)), 400, too_many),
        post(r#"{"keys":["","k"],"cacheTtl":"10"}"#, EMPTY.0, EMPTY.1),
        post(r#"{"keys":["k",""],"cacheTtl":"10"}"#, 400, cache_ttl),
    ])
    .await;
}

#[tokio::test]
async fn other_methods_are_refused() {
    let not_allowed = (405, "Method Not Allowed");
    let targets = [
        ("POST", "/"),
        ("POST", "/k"),
        ("PATCH", "/k"),
        ("HEAD", "/k"),
        ("OPTIONS", "/"),
        ("PUT", "/bulk/get"),
    ];
    let server = start().await;
    for (method, target) in targets {
        let expected = if method == "PUT" { (200, "OK") } else { not_allowed };
        assert_eq!(ask(&server, method, target, "").await.status_line(), expected, "{method} {target}");
    }
}

#[tokio::test]
async fn a_put_is_checked_before_its_body_is_sent_and_in_this_order() {
    let long = MAX_VALUE + 1;
    let server = start().await;
    let metadata = format!("cf-kv-metadata: \"{}\"\r\n", "x".repeat(1023));
    let headers = |more: &str| {
        format!("{}content-length: {long}\r\nexpect: 100-continue\r\n{more}", headers_for(TITLE))
    };
    let ttl = (400, "Invalid expiration_ttl of 1. Expiration TTL must be at least 60.");
    let table = [
        ("/..?expiration_ttl=1", &metadata[..], DOTS),
        ("/k?expiration_ttl=1", &metadata, ttl),
        ("/k", &metadata, (413, "Metadata length of 1025 exceeds limit of 1024.")),
        ("/k", "", (413, "Value length of 26214401 exceeds limit of 26214400.")),
    ];
    for (target, more, expected) in table {
        // The body is not sent, so the response does not wait for it.
        let response = send(&server, "PUT", target, &headers(more), &[]).await;
        assert_eq!(response.status_line(), expected, "{target} {more}");
    }
    assert!(server.contents().await[TITLE].is_empty());
}

#[tokio::test]
async fn a_value_that_is_too_long_is_refused() {
    let server = start().await;
    let expected = (413, "Value length of 26214401 exceeds limit of 26214400.");
    let value = vec![b'x'; MAX_VALUE + 1];
    // A client that sends the whole body before it reads still gets the response.
    assert_eq!(ask(&server, "PUT", "/k", &value).await.status_line(), expected);

    let headers = headers_for(TITLE) + "transfer-encoding: chunked\r\n";
    let chunked = [b"1900001\r\n", &value[..], b"\r\n0\r\n\r\n"].concat();
    assert_eq!(send(&server, "PUT", "/k", &headers, &chunked).await.status_line(), expected);
    assert!(server.contents().await[TITLE].is_empty());
    assert_eq!(ask(&server, "PUT", "/k", &value[1..]).await.status_line(), (200, "OK"));
    assert_eq!(ask(&server, "GET", "/k", "").await.body.len(), MAX_VALUE);
}

#[tokio::test]
async fn an_incomplete_body_is_refused() {
    let server = start().await;
    let half = head("PUT", "/k", &format!("x-kv-namespace: {TITLE}\r\ncontent-length: 10\r\n")) + "half";
    let mut connection = server.connect().await;
    connection.write_all(half.as_bytes()).await.unwrap();
    connection.shutdown().await.unwrap();
    assert_eq!(read_response(&mut connection).await.status_line(), (400, "The request body ended too early"));
    assert!(server.contents().await[TITLE].is_empty());
}

#[tokio::test]
async fn writes_to_one_key_are_limited_to_one_per_second() {
    let server = Server::start_with(|builder| builder.emulate_rate_limits(true)).await;
    server.store.open_namespace(TITLE).await.unwrap();
    assert_eq!(ask(&server, "PUT", "/k", "1").await.status, 200);
    for method in ["PUT", "DELETE"] {
        let response = ask(&server, method, "/k", "2").await;
        assert_eq!(response.status_line(), (429, "Too Many Requests"), "{method}");
        assert_eq!(response.header("retry-after"), Some("1"));
    }
    assert_eq!(ask(&server, "GET", "/k", "").await.text(), "1");
    assert_eq!(ask(&server, "PUT", "/other", "1").await.status, 200);
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let server = start().await;
    server.store.close().await.unwrap();
    for (method, target) in [("GET", "/"), ("GET", "/k"), ("PUT", "/k"), ("DELETE", "/k")] {
        let answer = ask(&server, method, target, "").await;
        assert_eq!(answer.status_line(), (503, "Service Unavailable"), "{method} {target}");
        assert_eq!(answer.header("retry-after"), Some("1"), "{method} {target}");
    }
}
