//! Codes of the service, and what becomes of them.

use kv_core::{ErrorKind, GetOptions, Key, KvNamespace, PutOptions, Value};
use serde_json::{Value as Json, json};

use crate::scripted_server::{Reaction, ScriptedServer};

const KEY: Key<'static> = Key::from_static("sessions");

/// Every code that is known, the status that it comes with, and the kind of the error. `None` is absence, for
/// a read.
const CODES: [(u16, u32, Option<ErrorKind>); 58] = [
    (429, 971, Some(ErrorKind::RateLimited)),
    (401, 1_000, Some(ErrorKind::Unauthorized)),
    (400, 1_001, Some(ErrorKind::Unauthorized)),
    (400, 6_003, Some(ErrorKind::Unauthorized)),
    (400, 6_102, Some(ErrorKind::Unauthorized)),
    (400, 6_103, Some(ErrorKind::Unauthorized)),
    (400, 6_111, Some(ErrorKind::Unauthorized)),
    (400, 7_000, Some(ErrorKind::Other)),
    (404, 7_003, Some(ErrorKind::Other)),
    (400, 9_103, Some(ErrorKind::Unauthorized)),
    (400, 9_106, Some(ErrorKind::Unauthorized)),
    (400, 9_107, Some(ErrorKind::Unauthorized)),
    (400, 9_109, Some(ErrorKind::Unauthorized)),
    (403, 10_000, Some(ErrorKind::Unauthorized)),
    (503, 10_001, Some(ErrorKind::Unavailable)),
    (400, 10_002, Some(ErrorKind::Other)),
    (400, 10_003, Some(ErrorKind::Other)),
    (400, 10_004, Some(ErrorKind::Other)),
    (400, 10_005, Some(ErrorKind::Other)),
    (400, 10_006, Some(ErrorKind::Other)),
    (400, 10_007, Some(ErrorKind::Other)),
    (400, 10_008, Some(ErrorKind::Other)),
    (404, 10_009, None),
    (400, 10_010, Some(ErrorKind::NamespaceNotFound)),
    (400, 10_011, Some(ErrorKind::NamespaceNotFound)),
    (400, 10_012, Some(ErrorKind::Other)),
    (404, 10_013, Some(ErrorKind::NamespaceNotFound)),
    (400, 10_014, Some(ErrorKind::NamespaceExists)),
    (400, 10_015, Some(ErrorKind::Other)),
    (400, 10_016, Some(ErrorKind::Other)),
    (403, 10_017, Some(ErrorKind::Unauthorized)),
    (400, 10_018, Some(ErrorKind::QuotaExceeded)),
    (400, 10_019, Some(ErrorKind::InvalidInput)),
    (400, 10_020, Some(ErrorKind::QuotaExceeded)),
    (400, 10_021, Some(ErrorKind::Other)),
    (429, 10_022, Some(ErrorKind::RateLimited)),
    (400, 10_023, Some(ErrorKind::InvalidInput)),
    (413, 10_024, Some(ErrorKind::InvalidInput)),
    (404, 10_025, Some(ErrorKind::Other)),
    (403, 10_026, Some(ErrorKind::Unauthorized)),
    (400, 10_028, Some(ErrorKind::Other)),
    (400, 10_029, Some(ErrorKind::Other)),
    (414, 10_030, Some(ErrorKind::InvalidInput)),
    (400, 10_033, Some(ErrorKind::InvalidInput)),
    (400, 10_034, Some(ErrorKind::InvalidInput)),
    (400, 10_035, Some(ErrorKind::Other)),
    (403, 10_037, Some(ErrorKind::Unauthorized)),
    (400, 10_038, Some(ErrorKind::Other)),
    (400, 10_041, Some(ErrorKind::InvalidInput)),
    (400, 10_042, Some(ErrorKind::InvalidInput)),
    (400, 10_043, Some(ErrorKind::Other)),
    (400, 10_044, Some(ErrorKind::Other)),
    (400, 10_045, Some(ErrorKind::Other)),
    (429, 10_046, Some(ErrorKind::RateLimited)),
    (400, 10_047, Some(ErrorKind::InvalidInput)),
    (429, 10_048, Some(ErrorKind::QuotaExceeded)),
    (405, 10_405, Some(ErrorKind::Other)),
    (429, 10_429, Some(ErrorKind::RateLimited)),
];

fn refused(status: u16, errors: Json) -> Reaction {
    Reaction::envelope(status, json!({ "success": false, "errors": errors, "messages": [], "result": null }))
}

/// A code means the same wherever an envelope has it: alone, behind others that say nothing, and in a chain
/// of causes.
#[tokio::test]
async fn every_code_has_its_kind_wherever_it_stands() {
    let mut cases = Vec::new();
    for (status, code, expected) in CODES {
        let named = || json!({ "code": code, "message": "why" });
        // Errors without a meaning of their own: an unknown code, no code, a code that leaves it to the
        // status.
        let vague = |chain: Json| json!({ "code": 4_711, "message": "failed", "error_chain": chain });
        let forms = [
            json!([named()]),
            json!([vague(json!([named()]))]),
            json!([vague(json!([null, vague(json!([named()]))]))]),
            json!([{ "message": "failed" }, vague(json!(null)), named()]),
            json!([{ "code": 10_012, "message": "failed", "error_chain": [named()] }]),
        ];
        cases.extend(forms.map(|errors| (status, errors, expected)));
    }
    // The key is the number of the case.
    let reactions: Vec<_> =
        cases.iter().map(|(status, errors, _)| refused(*status, errors.clone())).collect();
    let server = ScriptedServer::new(move |request| {
        let number: usize = request.line().strip_prefix("GET /values/").unwrap().parse().unwrap();
        reactions[number].clone()
    })
    .await;
    let client = server.builder().retries(0).build().unwrap();
    for (number, (status, errors, expected)) in cases.into_iter().enumerate() {
        let read = client.read(Key::new(number.to_string()).unwrap(), GetOptions::default()).await;
        let kind =
            read.map_or_else(|error| Some(error.kind()), |entry| entry.map(|entry| panic!("{entry:?}")));
        assert_eq!(kind, expected, "{status} {errors}");
    }
}

/// As production answers them.
#[tokio::test]
async fn refused_credentials_come_with_advice() {
    let headers = |code: u32, what: &str| {
        let chain = json!([{ "code": code, "message": format!("Invalid format for {what} header") }]);
        json!([{ "code": 6_003, "message": "Invalid request headers", "error_chain": chain }])
    };
    let one = |code: u32, message: &str| json!([{ "code": code, "message": message }]);
    let rows = [
        (
            headers(6_111, "Authorization"),
            "copy the API token again",
            "Invalid format for Authorization header",
        ),
        (headers(6_103, "X-Auth-Key"), "copy the API token again", "Invalid format for X-Auth-Key header"),
        (one(9_103, "Unknown X-Auth-Key or X-Auth-Email"), "make an API token", "Unknown X-Auth-Key"),
        (
            one(9_106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers"),
            "check `base_url`, and",
            "Missing",
        ),
        (one(1_001, "Invalid API Token"), "make an API token", "Invalid API Token"),
    ];
    for (errors, advice, text) in rows {
        let server = ScriptedServer::in_order(vec![refused(400, errors.clone())]).await;
        let error = server.client().read(KEY, GetOptions::default()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{errors}");
        let message = error.to_string();
        assert!(message.contains(advice) && message.contains(text), "{message}");
        assert_eq!(server.requests().len(), 1, "what does not pass is not sent again");
    }
}

/// A write does not show the service's text, which may repeat its value, but it does name the code.
#[tokio::test]
async fn codes_are_named_without_the_text_of_the_service() {
    let server = ScriptedServer::in_order(vec![Reaction::error(400, 10_034, "put: 'v is bad'")]).await;
    let write = server.client().write(KEY, Value::new("v is bad").unwrap(), PutOptions::default()).await;
    let message = write.unwrap_err().to_string();
    assert!(message.ends_with("(the service answered 400, code 10034, invalid expiration_ttl)"), "{message}");
}
