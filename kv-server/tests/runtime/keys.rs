//! Keys in paths.

use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::client::{TITLE, ask, escaped, start};

#[tokio::test]
async fn a_path_is_decoded_once_if_urlencoded_and_else_not() {
    let server = start().await;
    let table = [
        ("/a%2Fb%20c%3Fd%23e%25f+g.%C3%BC?urlencoded=true", "a/b c?d#e%f+g.ü"),
        ("/a%2Fb%20c%3Fd%23e%25f+g.%C3%BC", "a%2Fb%20c%3Fd%23e%25f+g.%C3%BC"),
        ("/a%2Fb?urlencoded=false", "a%2Fb"),
        ("/%252F?urlencoded=true", "%2F"),
        ("/%zz", "%zz"),
        ("/+?urlencoded=true", "+"),
        ("/%2B%2b?x=1&urlencoded=TRUE", "++"),
        ("/a/../b/./c", "a/../b/./c"),
        ("//", "/"),
        ("/*!'()~:@&=$,;[]|%5C^%60%7B%7D%22%3C%3E?urlencoded=true", "*!'()~:@&=$,;[]|\\^`{}\"<>"),
        // Paths of other endpoints.
        ("/healthz", "healthz"),
        ("/bulk/get", "bulk/get"),
        ("/client/v4/accounts", "client/v4/accounts"),
    ];
    for (target, key) in table {
        assert_eq!(ask(&server, "PUT", target, target).await.status, 200, "{target}");
        assert_eq!(ask(&server, "GET", target, "").await.text(), target);
        let entry = server.stored(TITLE, key).await;
        assert_eq!(entry.as_deref(), Some(target.as_bytes()), "{key}");
        let canonical = format!("/{}?urlencoded=true", escaped(key));
        assert_eq!(ask(&server, "DELETE", &canonical, "").await.status, 200, "{key}");
        assert_eq!(ask(&server, "GET", target, "").await.status, 404, "{target}");
    }
}

#[test]
fn every_key_can_be_written_in_a_path() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(start());
    let keys = any::<String>().prop_filter("a key", |key| kv_core::Key::new(key.as_str()).is_ok());
    proptest!(ProptestConfig::with_cases(64), |(key in keys)| {
        runtime.block_on(async {
            let target = format!("/{}?urlencoded=true", escaped(&key));
            assert_eq!(ask(&server, "PUT", &target, &key).await.status, 200);
            assert_eq!(ask(&server, "GET", &target, "").await.text(), key);
            let body = serde_json::json!({ "keys": [key] }).to_string();
            let many = ask(&server, "POST", "/bulk/get", body).await;
            let object: serde_json::Value = serde_json::from_slice(&many.body).unwrap();
            assert_eq!(object[&key], key);
            assert_eq!(ask(&server, "DELETE", &target, "").await.status, 200);
        });
    });
}
