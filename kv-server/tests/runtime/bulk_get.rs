//! Bulk get.

use crate::client::{ask, ask_with, start};

#[tokio::test]
async fn every_key_of_a_bulk_get_comes_back_with_its_stored_value() {
    let server = start().await;
    let put = async |key: &str, metadata: &str, value: &str| {
        assert_eq!(ask_with(&server, "PUT", &format!("/{key}"), metadata, value).await.status, 200);
    };
    put("1", "", "one").await;
    put("__proto__", "", "kept").await;
    put(
        "json",
        "cf-kv-metadata: {\"b\":1.50,\"a\":{}}\r\n",
        r#" { "z": 1.0, "a": 12345678901234567890.5 } "#,
    )
    .await;
    put("empty", "cf-kv-metadata: 0\r\n", "").await;
    put("zero", "", "0").await;
    put("null", "", "null").await;
    assert_eq!(ask(&server, "PUT", "/bytes", [0, 255, 128]).await.status, 200);
    let table = [
        // In the order of the request, each key once.
        (
            r#"{"keys":["b","1","1","0","__proto__","constructor"]}"#,
            r#"{"b":null,"1":"one","0":null,"__proto__":"kept","constructor":null}"#,
        ),
        (r#"{"keys":["bytes"]}"#, "{\"bytes\":\"\\u0000\u{fffd}\u{fffd}\"}"),
        (
            r#"{"keys":["json","absent"],"type":"json"}"#,
            r#"{"json":{ "z": 1.0, "a": 12345678901234567890.5 },"absent":null}"#,
        ),
        (
            r#"{"keys":["json"],"type":"json","withMetadata":true}"#,
            r#"{"json":{"value":{ "z": 1.0, "a": 12345678901234567890.5 },"metadata":{"b":1.50,"a":{}}}}"#,
        ),
        // An empty value, which is falsy in JavaScript, and an absent one.
        (
            r#"{"keys":["empty","absent"],"withMetadata":true,"cacheTtl":"60"}"#,
            r#"{"empty":{"value":"","metadata":0},"absent":null}"#,
        ),
        (
            r#"{"keys":["zero","null"],"type":"json","withMetadata":true}"#,
            r#"{"zero":{"value":0,"metadata":null},"null":{"value":null,"metadata":null}}"#,
        ),
        (r#"{"keys":["zero"],"type":"text","withMetadata":false,"cacheTtl":30}"#, r#"{"zero":"0"}"#),
        (r#"{"keys":["zero"],"type":null,"cacheTtl":null}"#, r#"{"zero":"0"}"#),
    ];
    for (asked, expected) in table {
        let response = ask(&server, "POST", "/bulk/get", asked).await;
        assert_eq!((response.status, response.text()), (200, expected), "{asked}");
        assert_eq!(response.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn a_bulk_get_takes_100_keys() {
    let server = start().await;
    let keys: Vec<_> = (0..100).map(|index| format!("key {index}")).collect();
    let body = serde_json::json!({ "keys": keys }).to_string();
    let response = ask(&server, "POST", "/bulk/get", body).await;
    let object: serde_json::Map<_, _> = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(object.len(), 100);
}

#[tokio::test]
async fn the_values_of_a_bulk_get_have_25_mib_at_most() {
    let server = start().await;
    let half = "x".repeat(26_214_400 / 2);
    for (key, value) in [("a", half.as_str()), ("b", &half), ("one", "1")] {
        assert_eq!(ask(&server, "PUT", &format!("/{key}"), value).await.status, 200);
    }
    let allowed = ask(&server, "POST", "/bulk/get", r#"{"keys":["a","b","a"]}"#).await;
    assert_eq!((allowed.status, allowed.body.len()), (200, 26_214_400 + r#"{"a":"","b":""}"#.len()));
    let refused = ask(&server, "POST", "/bulk/get", r#"{"keys":["a","b","one"]}"#).await;
    assert_eq!(refused.status_line(), (413, "Total size of request exceeds the limit of 25MB"));
}
