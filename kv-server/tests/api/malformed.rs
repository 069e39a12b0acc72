//! Malformed requests: Cloudflare's status and code of each.

mod forms;

use axum::body::Body;
use kv_core::{Expiration, Metadata, PutOptions, Timestamp, prelude::*};

use crate::support::server::{NAMESPACES, Server};

/// Method, path after that of the namespace (or `create`), body, and the expected status and code.
type Row = (&'static str, String, String, u16, u64);

fn row(method: &'static str, path: &str, body: impl Into<String>, status: u16, code: u64) -> Row {
    (method, path.to_owned(), body.into(), status, code)
}

/// Returns a bulk write of a valid pair, which must not be written either, and one with these members.
fn pair(members: &str) -> String {
    format!(r#"[{{"key":"good","value":"1"}},{{{members}}}]"#)
}

fn bodies() -> Vec<Row> {
    let mut rows = Vec::new();
    for body in ["", "{", "null", "[]", "\"title\"", "\u{feff}{}", "{\"title\":\"a\"} x"] {
        rows.push(row("POST", "create", body, 400, 10012));
        rows.push(row("PUT", "", body, 400, 10012));
    }
    let long = format!("{{\"title\":\"{}\"}}", "x".repeat(513));
    for body in ["{}", r#"{"title":""}"#, r#"{"title":7}"#, r#"{"title":null}"#, &long] {
        rows.push(row("POST", "create", body, 400, 10019));
        rows.push(row("PUT", "", body, 400, 10019));
    }
    rows.push(row("POST", "create", r#"{"title":"other"}"#, 400, 10014));
    rows.push(row("PUT", "", r#"{"title":"other"}"#, 400, 10014));
    rows
}

fn parameters() -> Vec<Row> {
    let mut rows = Vec::new();
    for limit in ["0", "1001", "-1", "ten", "", "10.5", "99999999999999999999", "%zz"] {
        rows.push(row("GET", &format!("/keys?limit={limit}"), "", 400, 10028));
    }
    for cursor in ["!", "%ff", "AAAA", "bm90IG9uZQ"] {
        rows.push(row("GET", &format!("/keys?cursor={cursor}"), "", 400, 10041));
    }
    rows.push(row("GET", &format!("/keys?prefix={}", "p".repeat(513)), "", 414, 10030));
    rows.push(row("GET", "/keys?prefix=%ff", "", 400, 10029));
    for ttl in ["59", "0", "-60", "60.5", "soon", "", "+60", "inf"] {
        let path = format!("/values/old?expiration_ttl={ttl}");
        rows.push(row("PUT", &path, "new", 400, 10034));
        rows.push(row("PUT", &format!("{path}&expiration=4102444800"), "new", 400, 10034));
    }
    for at in ["0", "1699999999", "1700000000", "1700000059", "-1", "-1e400", "x", ""] {
        rows.push(row("PUT", &format!("/values/old?expiration={at}"), "new", 400, 10033));
    }
    rows.push(row("GET", "/values/absent", "", 404, 10009));
    rows.push(row("GET", "/metadata/absent", "", 404, 10009));
    rows
}

fn bulk_writes() -> Vec<Row> {
    let long_key = format!(r#""key":"{}","value":"1""#, "x".repeat(513));
    let long_metadata = format!(r#""key":"k","value":"1","metadata":"{}""#, "x".repeat(1023));
    let table = [
        (r#""key":"","value":"1""#, 400, 10042),
        (r#""key":".","value":"1""#, 400, 10042),
        (r#""key":"..","value":"1""#, 400, 10042),
        (&long_key, 414, 10030),
        (r#""value":"1""#, 400, 10012),
        (r#""key":"k""#, 400, 10012),
        (r#""key":7,"value":"1""#, 400, 10012),
        (r#""key":"k","value":1"#, 400, 10012),
        (r#""key":"k","value":null"#, 400, 10012),
        (r#""key":"\ud800","value":"1""#, 400, 10012),
        (r#""key":"k","value":"!","base64":true"#, 400, 10012),
        (r#""key":"k","value":"a","base64":true"#, 400, 10012),
        (r#""key":"k","value":"_-8=","base64":true"#, 400, 10012),
        (r#""key":"k","value":"1","base64":"yes""#, 400, 10012),
        (r#""key":"k","value":"1","expiration_ttl":59"#, 400, 10034),
        (r#""key":"k","value":"1","expiration_ttl":-1"#, 400, 10034),
        (r#""key":"k","value":"1","expiration_ttl":"60""#, 400, 10034),
        (r#""key":"k","value":"1","expiration_ttl":60.5"#, 400, 10034),
        (r#""key":"k","value":"1","expiration_ttl":-1e400"#, 400, 10034),
        (r#""key":"k","value":"1","expiration_ttl":59,"expiration":4102444800"#, 400, 10034),
        (r#""key":"k","value":"1","expiration":1700000059"#, 400, 10033),
        (r#""key":"k","value":"1","expiration":[]"#, 400, 10033),
        (r#""key":"k","value":"1","expiration":-1e400"#, 400, 10033),
        (r#""key":"k","value":"1","expiration":4102444800.5"#, 400, 10033),
        (r#""key":"k","key":"k","value":"1""#, 400, 10012),
        (r#""key":"k","value":"1","value":"1""#, 400, 10012),
        (&long_metadata, 400, 10047),
        (r#""key":"good","value":"2""#, 400, 10012),
        (r#""key":"good","value":"1","expiration_ttl":60"#, 400, 10012),
        (r#""key":"good","value":"1","metadata":1"#, 400, 10012),
    ];
    let mut rows: Vec<_> = table
        .into_iter()
        .map(|(members, status, code)| row("PUT", "/bulk", pair(members), status, code))
        .collect();
    let many = format!("[{}]", vec![r#"{"key":"k","value":"1"}"#; 10_001].join(","));
    rows.push(row("PUT", "/bulk", many, 400, 10020));
    // An array of a pair's members is not a pair.
    let members = r#"[{"key":"good","value":"1"},["k","1",null,null,null,false]]"#;
    for body in ["", "{}", "null", "[", "[1]", "[[]]", r#"[{"key":"k","value":"1"}]]"#, members] {
        rows.push(row("PUT", "/bulk", body, 400, 10012));
    }
    rows
}

/// Bodies that nest so deep that a recursive parser would run out of stack.
fn deep_bodies() -> Vec<Row> {
    const DEPTH: usize = 500_000;
    let arrays = "[".repeat(DEPTH);
    let objects = "{\"a\":".repeat(DEPTH / 5);
    let mut rows = Vec::new();
    for body in [&arrays, &objects] {
        for (method, path) in [
            ("POST", "create"),
            ("PUT", ""),
            ("PUT", "/bulk"),
            ("POST", "/bulk/delete"),
            ("DELETE", "/bulk"),
            ("POST", "/bulk/get"),
        ] {
            rows.push(row(method, path, body, 400, 10012));
        }
    }
    let value = format!("{arrays}{}", "]".repeat(DEPTH));
    for (member, code) in [("key", 10012), ("metadata", 10047), ("expiration", 10033), ("base64", 10012)] {
        let others = if member == "key" { r#""value":"1""# } else { r#""key":"k","value":"1""# };
        rows.push(row("PUT", "/bulk", pair(&format!("{others},\"{member}\":{value}")), 400, code));
    }
    rows.push(row("POST", "/bulk/get", format!("{{\"keys\":{arrays}"), 400, 10012));
    rows.push(row("POST", "create", format!("{{\"title\":{arrays}"), 400, 10012));
    rows
}

fn bulk_deletes_and_gets() -> Vec<Row> {
    let mut rows = Vec::new();
    let many = format!("[{}]", vec!["\"old\""; 10_001].join(","));
    for (method, path) in [("POST", "/bulk/delete"), ("DELETE", "/bulk")] {
        for body in ["", "{}", "[1]", r#"["old", null]"#, r#"[{"name":"old"}]"#] {
            rows.push(row(method, path, body, 400, 10012));
        }
        rows.push(row(method, path, r#"["old",""]"#, 400, 10042));
        rows.push(row(method, path, r#"["old","."]"#, 400, 10042));
        rows.push(row(method, path, format!(r#"["old","{}"]"#, "x".repeat(513)), 414, 10030));
        rows.push(row(method, path, &*many, 400, 10020));
    }
    let members = r#"[["old"],"text",true]"#;
    for body in
        ["", "[]", "{}", r#"{"keys":"old"}"#, r#"{"keys":[1]}"#, r#"{"keys":["old"],"type":7}"#, members]
    {
        rows.push(row("POST", "/bulk/get", body, 400, 10012));
    }
    rows.push(row("POST", "/bulk/get", r#"{"keys":[]}"#, 400, 10029));
    rows.push(row("POST", "/bulk/get", r#"{"keys":["old"],"type":"arrayBuffer"}"#, 400, 10029));
    rows.push(row("POST", "/bulk/get", r#"{"keys":["old"],"type":"json"}"#, 400, 10029));
    rows.push(row(
        "POST",
        "/bulk/get",
        format!(r#"{{"keys":[{}]}}"#, vec!["\"old\""; 101].join(",")),
        400,
        10029,
    ));
    rows.push(row("POST", "/bulk/get", r#"{"keys":["old",".."]}"#, 400, 10042));
    rows
}

#[tokio::test]
async fn a_malformed_request_has_its_status_and_code_and_changes_nothing() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    server.namespace("other").await;
    let options = PutOptions::from(Metadata::new(&[1]).unwrap()).with_expiration(
        Expiration::at(Timestamp::from_secs(4_102_444_800).unwrap(), Timestamp::EPOCH).unwrap(),
    );
    server.store.open_namespace("n").await.unwrap().put_with("old", "not json", options).await.unwrap();
    let before = server.contents().await;

    let rows = [bodies(), parameters(), bulk_writes(), bulk_deletes_and_gets(), deep_bodies()].concat();
    for (method, path, body, status, code) in rows {
        let path = if path == "create" { NAMESPACES.to_owned() } else { format!("{namespace}{path}") };
        let start: String = body.chars().take(80).collect();
        let response = server.ask(method, &path, body).await;
        assert_eq!(response.failure(), (status, code), "{method} {path} {start}: {}", response.message());
    }
    assert_eq!(server.contents().await, before);
}

#[tokio::test]
async fn lists_of_namespaces_check_their_parameters() {
    let server = Server::start().await;
    let table = [
        ("page=0", 10007),
        ("PAGE=0", 10007),
        ("page=x", 10007),
        ("page=-1", 10007),
        ("per_page=0", 10008),
        ("per_page=1001", 10008),
        ("per_page=", 10008),
        ("order=name", 10043),
        ("Order=name", 10043),
        ("direction=up", 10044),
        ("direction=%ff", 10044),
    ];
    for (query, code) in table {
        let response = server.ask("GET", &format!("{NAMESPACES}?{query}"), Body::empty()).await;
        assert_eq!(response.failure(), (400, code), "{query}");
    }
}

#[tokio::test]
async fn an_unknown_namespace_is_not_found_and_not_created() {
    let server = Server::start().await;
    let unknown = "fF0".repeat(11)[..32].to_owned();
    let malformed = [
        "f".repeat(31),
        "f".repeat(33),
        "g".repeat(32),
        "%zz".to_owned(),
        "%ff".to_owned(),
        "sessions".to_owned(),
    ];
    let endpoints = [
        ("GET", "", ""),
        ("PUT", "", r#"{"title":"t"}"#),
        ("DELETE", "", ""),
        ("GET", "/keys", ""),
        ("GET", "/values/k", ""),
        ("PUT", "/values/k", "v"),
        ("DELETE", "/values/k", ""),
        ("GET", "/metadata/k", ""),
        ("PUT", "/bulk", "[]"),
        ("POST", "/bulk/delete", "[]"),
        ("DELETE", "/bulk", "[]"),
        ("POST", "/bulk/get", r#"{"keys":["k"]}"#),
    ];
    for (method, path, body) in endpoints {
        let response = server.ask(method, &format!("{NAMESPACES}/{unknown}{path}"), body).await;
        assert_eq!(response.failure(), (404, 10013), "{method} {path}");
        assert!(response.message().ends_with(": 'namespace not found'"), "{}", response.message());
        for malformed in &malformed {
            let response = server.ask(method, &format!("{NAMESPACES}/{malformed}{path}"), body).await;
            assert_eq!(response.failure(), (400, 10011), "{method} {malformed}{path}");
            let start = "could not parse UUID from request's namespace_id: 'invalid namespace format: ";
            assert!(response.message().starts_with(start), "{}", response.message());
        }
    }
    assert!(server.contents().await.is_empty());
}

#[tokio::test]
async fn json_that_is_not_utf_8_is_refused() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    server.ask("PUT", &format!("{namespace}/values/old"), "v").await.result();
    let before = server.contents().await;
    let table: [(&str, &str, &[u8]); 7] = [
        ("PUT", "/bulk", b"[{\"key\":\"\xff\",\"value\":\"1\"}]"),
        ("PUT", "/bulk", b"[{\"key\":\"k\",\"value\":\"\xc3(\"}]"),
        ("PUT", "/bulk", b"[{\"key\":\"k\",\"value\":\"1\",\"metadata\":\"\xff\"}]"),
        ("POST", "/bulk/delete", b"[\"old\",\"\xff\"]"),
        ("DELETE", "/bulk", b"[\"old\",\"\xed\xa0\x80\"]"),
        ("POST", "/bulk/get", b"{\"keys\":[\"\xff\"]}"),
        ("PUT", "", b"{\"title\":\"\xff\"}"),
    ];
    for (method, path, body) in table {
        let response = server.ask(method, &format!("{namespace}{path}"), body).await;
        assert_eq!(response.failure(), (400, 10012), "{method} {path} {}", body.escape_ascii());
    }
    assert_eq!(server.contents().await, before);
}

#[tokio::test]
async fn messages_name_the_operation_and_the_place_and_show_no_value() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    let absent = server.ask("GET", &format!("{namespace}/values/k"), Body::empty()).await;
    assert_eq!(absent.message(), "get: 'key not found'");
    let body = r#"[{"key":"k","value":{"secret":"hunter2"}}]"#;
    let malformed = server.ask("PUT", &format!("{namespace}/bulk"), body).await;
    assert!(
        malformed.message().starts_with("bulk put keys: 'body must be a JSON array of objects"),
        "{malformed:?}"
    );
    assert!(!malformed.message().contains("hunter2") && malformed.message().contains("line 1, column"));
    let body = r#"[{"key":"a","value":"1"},{"key":"b","value":"1","expiration_ttl":1}]"#;
    let too_short = server.ask("PUT", &format!("{namespace}/bulk"), body).await.json();
    assert_eq!(too_short["errors"][0]["source"]["pointer"], "/1/expiration_ttl");
    let body = r#"[{"key":"d","value":"1"},{"key":"d","value":"2"}]"#;
    let duplicate = server.ask("PUT", &format!("{namespace}/bulk"), body).await;
    let reason = "received duplicate key with different values or expiration parameters: \"d\"";
    assert_eq!(duplicate.message(), format!("bulk put keys: '{reason}'"));
}
