//! Listing of keys.

use serde_json::{Value, json};

use crate::{
    client::{ask, ask_with, escaped, start},
    support::server::Server,
};

async fn page(server: &Server, query: &str) -> Value {
    let response = ask(server, "GET", &format!("/?{query}"), "").await;
    assert_eq!(
        (response.status, response.header("content-type")),
        (200, Some("application/json")),
        "{query}"
    );
    serde_json::from_slice(&response.body).unwrap()
}

#[tokio::test]
async fn keys_come_with_their_expiry_and_their_metadata_as_a_string() {
    let server = start().await;
    ask_with(&server, "PUT", "/b?expiration_ttl=100", "cf-kv-metadata: {\"é\":1.0}\r\n", "v").await;
    ask(&server, "PUT", "/a", "v").await;
    let expected = r#"{"keys":[{"name":"a"},{"name":"b","expiration":1100,"metadata":"{\"é\":1.0}"}],"list_complete":true,"cacheStatus":null}"#;
    assert_eq!(ask(&server, "GET", "/", "").await.text(), expected);
    // An empty parameter counts as absent.
    assert_eq!(ask(&server, "GET", "/?prefix=&cursor=", "").await.text(), expected);
}

#[tokio::test]
async fn a_prefix_is_decoded_as_a_form() {
    let server = start().await;
    for key in ["a b/1", "a+b/1", "é1", "%"] {
        ask(&server, "PUT", &format!("/{}?urlencoded=true", escaped(key)), "v").await;
    }
    let table = [
        ("a+b", vec!["a b/1"]),
        ("a%20b", vec!["a b/1"]),
        ("a%2Bb%2F", vec!["a+b/1"]),
        ("%C3%A9", vec!["é1"]),
        ("%25", vec!["%"]),
        ("none", vec![]),
    ];
    for (prefix, names) in table {
        let found = page(&server, &format!("prefix={prefix}")).await;
        let expected: Vec<_> = names.into_iter().map(|name| json!({ "name": name })).collect();
        assert_eq!(found["keys"], Value::Array(expected), "{prefix}");
    }
}

#[tokio::test]
async fn pages_hold_each_key_once() {
    let server = start().await;
    let names: Vec<_> = (0..7).map(|index| format!("p/{index}")).collect();
    for name in &names {
        ask(&server, "PUT", &format!("/{name}"), "v").await;
    }
    for limit in [1, 2, 3, 7, 8, 1000] {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = page(&server, &format!("prefix=p%2F&key_count_limit={limit}&cursor={cursor}")).await;
            let keys = page["keys"].as_array().unwrap();
            assert!(keys.len() <= limit, "{limit}");
            found.extend(keys.iter().map(|key| key["name"].as_str().unwrap().to_owned()));
            assert_eq!(page["list_complete"].as_bool().unwrap(), page.get("cursor").is_none(), "{page}");
            match page.get("cursor") {
                Some(next) => next.as_str().unwrap().clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(found, names, "{limit}");
    }
}

#[tokio::test]
async fn a_cursor_is_refused_with_another_prefix() {
    let server = start().await;
    for name in ["a1", "a2", "b1"] {
        ask(&server, "PUT", &format!("/{name}"), "v").await;
    }
    let page = page(&server, "prefix=a&key_count_limit=1").await;
    let target = format!("/?prefix=b&cursor={}", page["cursor"].as_str().unwrap());
    let reason = "cursor belongs to another prefix: list with the prefix that it was issued for";
    assert_eq!(ask(&server, "GET", &target, "").await.status_line(), (400, reason));
}
