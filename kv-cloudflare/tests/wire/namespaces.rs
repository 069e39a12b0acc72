//! Namespaces of an account.

use kv_cloudflare::CloudflareAccount;
use kv_core::{ErrorKind, Jurisdiction, KvStore, NamespaceId, NamespaceInfo, NamespaceTitle};
use serde_json::json;

use crate::paused_time::on_paused_time;
use crate::scripted_server::{ACCOUNT, NAMESPACE, Reaction, ScriptedServer, TOKEN};

fn account(server: &ScriptedServer) -> CloudflareAccount {
    let builder = CloudflareAccount::builder().account_id(ACCOUNT).api_token(TOKEN);
    builder.base_url(server.base_url()).build().unwrap()
}

fn id() -> NamespaceId {
    NamespaceId::new(NAMESPACE).unwrap()
}

fn title() -> NamespaceTitle {
    NamespaceTitle::new("sessions \"é\"").unwrap()
}

fn one(number: usize) -> serde_json::Value {
    json!({ "id": format!("{number:032x}"), "title": format!("t{number}"), "supports_url_encoding": true })
}

#[tokio::test]
async fn namespaces_are_created_renamed_and_deleted() {
    let object = json!({ "id": NAMESPACE, "title": "sessions \"é\"", "supports_url_encoding": true });
    let info = NamespaceInfo::new(id(), title());
    for rename in [object.clone(), json!(null), json!({})] {
        // A second request gets the namespace if the answer to a rename lacks it.
        let is_told = rename == object;
        let mut answers = vec![object.clone(), object.clone(), rename];
        answers.extend((!is_told).then(|| object.clone()));
        answers.push(json!(null));
        let server = ScriptedServer::in_order(answers.into_iter().map(Reaction::result).collect()).await;
        let account = account(&server);
        assert_eq!(account.create_namespace(title()).await.unwrap(), info);
        assert_eq!(account.namespace_info(&id()).await.unwrap(), info);
        assert_eq!(account.rename_namespace(&id(), title()).await.unwrap(), info);
        account.delete_namespace(&id()).await.unwrap();
        let create = format!("POST /client/v4/accounts/{ACCOUNT}/storage/kv/namespaces");
        let expected = [create.as_str(), "GET ", "PUT ", "GET ", "DELETE "];
        let expected = expected.into_iter().enumerate().filter(|(place, _)| !is_told || *place != 3);
        assert_eq!(server.request_lines(), expected.map(|(_, line)| line).collect::<Vec<_>>());
        assert_eq!(server.requests()[0].json(), json!({ "title": "sessions \"é\"" }));
        assert_eq!(server.requests()[2].json(), json!({ "title": "sessions \"é\"" }));
    }
}

/// Returns a namespace object with this jurisdiction, if any.
fn held_in(jurisdiction: Option<&str>) -> serde_json::Value {
    let mut object = json!({ "id": NAMESPACE, "title": "sessions \"é\"" });
    if let Some(jurisdiction) = jurisdiction {
        object["jurisdiction"] = json!(jurisdiction);
    }
    object
}

#[tokio::test]
async fn a_jurisdiction_is_sent_and_returned() {
    for jurisdiction in Jurisdiction::ALL {
        let server =
            ScriptedServer::in_order(vec![Reaction::result(held_in(Some(jurisdiction.as_str())))]).await;
        let account = account(&server);
        let info = NamespaceInfo::new(id(), title()).with_jurisdiction(jurisdiction);
        assert_eq!(account.create_namespace_in(title(), jurisdiction).await.unwrap(), info);
        assert_eq!(account.namespace_info(&id()).await.unwrap(), info);
        assert_eq!(account.rename_namespace(&id(), title()).await.unwrap(), info);
        let requests = server.requests();
        let expected = json!({ "title": "sessions \"é\"", "jurisdiction": jurisdiction.as_str() });
        assert_eq!(requests[0].json(), expected);
        assert_eq!(requests[2].json(), json!({ "title": "sessions \"é\"" }), "it never changes");
        assert_eq!(requests.len(), 3);
    }
}

/// A jurisdiction that this crate does not know does not fail the listing.
#[tokio::test]
async fn an_unknown_jurisdiction_is_read_as_none() {
    for odd in [json!("moon"), json!(""), json!("EU"), json!(null)] {
        let mut first = one(1);
        let second = one(2);
        first["jurisdiction"] = odd.clone();
        let server = ScriptedServer::in_order(vec![Reaction::result(json!([first, second]))]).await;
        let listed = account(&server).list_namespaces().await.unwrap();
        let jurisdictions: Vec<_> = listed.iter().map(|info| info.jurisdiction).collect();
        assert_eq!(jurisdictions, [None, None], "{odd}");
    }
}

/// A namespace in another jurisdiction is deleted again: the caller was promised where its data stays.
#[tokio::test]
async fn a_namespace_in_another_jurisdiction_is_an_error() {
    let rows = [
        // What the creation is answered, what the namespace itself says, and what becomes of it.
        (None, Some("eu"), Ok(2)),
        (None, None, Err(3)),
        (Some("us"), Some("us"), Err(3)),
        (Some("moon"), None, Err(3)),
    ];
    for (created, known, outcome) in rows {
        let answers = [held_in(created), held_in(known), json!(null)].map(Reaction::result);
        let server = ScriptedServer::in_order(answers.to_vec()).await;
        let made = account(&server).create_namespace_in(title(), Jurisdiction::Eu).await;
        let requests = server.requests().len();
        match made {
            Ok(info) => assert_eq!((info.jurisdiction, Ok(requests)), (Some(Jurisdiction::Eu), outcome)),
            Err(error) => {
                assert_eq!((error.kind(), Err(requests)), (ErrorKind::Unsupported, outcome));
                assert_eq!(error.operation(), Some("create_namespace_in"));
                assert_eq!(server.request_lines()[2], "DELETE ");
            }
        }
    }
}

#[tokio::test]
async fn a_refused_jurisdiction_is_unsupported() {
    let refusal = || Reaction::error(400, 10_029, "create namespace: 'invalid jurisdiction'");
    let server = ScriptedServer::in_order(vec![refusal()]).await;
    let error = account(&server).create_namespace_in(title(), Jurisdiction::Fedramp).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unsupported, Some("create_namespace_in")));
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("invalid jurisdiction"), "{cause}");
    assert_eq!(server.requests().len(), 1);

    let taken = Reaction::error(400, 10_014, "a namespace with this account ID and title already exists");
    let server = ScriptedServer::in_order(vec![taken]).await;
    let error = account(&server).create_namespace_in(title(), Jurisdiction::Eu).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NamespaceExists);
}

#[tokio::test]
async fn readiness_is_one_request() {
    let rows = [
        (Reaction::result(json!([])), None),
        (Reaction::error(403, 10_000, "Authentication error"), Some(ErrorKind::Unauthorized)),
    ];
    for (reaction, kind) in rows {
        let server = ScriptedServer::in_order(vec![reaction]).await;
        let checked = account(&server).check_ready().await;
        assert_eq!(checked.err().map(|error| error.kind()), kind);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn errors_of_namespaces_have_their_kinds() {
    let server = ScriptedServer::in_order(vec![
        Reaction::error(400, 10_014, "a namespace with this account ID and title already exists"),
        Reaction::error(404, 10_013, "namespace not found"),
        Reaction::error(400, 10_018, "too many namespaces"),
    ])
    .await;
    let account = account(&server);
    let error = account.create_namespace(title()).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::NamespaceExists, Some("create_namespace")));
    assert!(error.to_string().contains("already exists"), "{error}");
    assert_eq!(account.namespace_info(&id()).await.unwrap_err().kind(), ErrorKind::NamespaceNotFound);
    assert_eq!(account.create_namespace(title()).await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
}

/// Pages are requested until the total is reached or a page has nothing new.
#[tokio::test]
async fn every_page_of_namespaces_is_requested() {
    let page = |numbers: std::ops::Range<usize>, total: Option<usize>| {
        let namespaces: Vec<_> = numbers.map(one).collect();
        let info = total.map_or(json!({}), |total| json!({ "total_count": total, "page": 1 }));
        Reaction::envelope(
            200,
            json!({ "success": true, "errors": [], "result": namespaces, "result_info": info }),
        )
    };
    let rows = [
        ("one page", vec![page(0..3, Some(3))], 3, 1),
        ("none", vec![page(0..0, Some(0))], 0, 1),
        ("two pages", vec![page(0..100, Some(150)), page(100..150, Some(150))], 150, 2),
        ("no total", vec![page(0..100, None), page(100..120, None), page(0..0, None)], 120, 3),
        ("smaller pages than requested", vec![page(0..20, Some(40)), page(20..40, Some(40))], 40, 2),
        ("a server that knows no pages", vec![page(0..7, None)], 7, 2),
        (
            "a namespace that was created meanwhile",
            vec![page(0..100, Some(101)), page(99..101, Some(101))],
            101,
            2,
        ),
    ];
    for (case, pages, count, requests) in rows {
        let server = ScriptedServer::in_order(pages).await;
        let listed = account(&server).list_namespaces().await.unwrap();
        assert_eq!(listed.len(), count, "{case}");
        let lines = server.request_lines();
        assert_eq!(lines.len(), requests, "{case}");
        for (number, line) in lines.iter().enumerate() {
            let query = format!("?page={}&per_page=100&order=id&direction=asc", number + 1);
            assert!(line.ends_with(&query), "{case}: {line}");
        }
    }
}

/// A creation that may have been applied is not retried: a second one would find its own namespace.
#[test]
fn a_creation_is_retried_only_if_it_was_not_applied() {
    on_paused_time(async {
        let object = || Reaction::result(one(1));
        let rows = [
            ("refused", Reaction::error(429, 971, "wait"), None, 2),
            ("lost", Reaction::Reset(Vec::new()), Some(ErrorKind::Unavailable), 1),
            ("unknown", Reaction::status(502, ""), Some(ErrorKind::Unavailable), 1),
        ];
        for (case, reaction, kind, requests) in rows {
            let server = ScriptedServer::in_order(vec![reaction, object()]).await;
            let outcome = account(&server).create_namespace(title()).await;
            assert_eq!(outcome.err().map(|error| error.kind()), kind, "{case}");
            assert_eq!(server.requests().len(), requests, "{case}");
        }
    });
}

/// A deletion with a lost answer succeeded if its retry finds no namespace.
#[test]
fn a_deletion_with_a_lost_answer_succeeds() {
    on_paused_time(async {
        let gone = || Reaction::error(404, 10_013, "namespace not found");
        let rows = [
            ("at once", vec![gone()], Some(ErrorKind::NamespaceNotFound)),
            (
                "after a refusal",
                vec![Reaction::error(429, 971, "wait"), gone()],
                Some(ErrorKind::NamespaceNotFound),
            ),
            ("after a lost answer", vec![Reaction::Reset(Vec::new()), gone()], None),
            ("after an unknown outcome", vec![Reaction::status(502, ""), gone()], None),
        ];
        for (case, reactions, kind) in rows {
            let server = ScriptedServer::in_order(reactions).await;
            let outcome = account(&server).delete_namespace(&id()).await;
            assert_eq!(outcome.err().map(|error| error.kind()), kind, "{case}");
        }
    });
}

/// Ids that no URL can hold are not found, and no request is sent.
#[tokio::test]
async fn odd_ids_reach_no_other_address() {
    let server = ScriptedServer::in_order(vec![Reaction::error(404, 10_013, "namespace not found")]).await;
    let account = account(&server);
    for odd in [".", ".."] {
        let id = NamespaceId::new(odd).unwrap();
        assert_eq!(account.delete_namespace(&id).await.unwrap_err().kind(), ErrorKind::NamespaceNotFound);
        let read =
            account.namespace(&id).read(kv_core::Key::from_static("k"), kv_core::GetOptions::default()).await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::NamespaceNotFound);
    }
    assert_eq!(server.request_lines(), [""; 0]);
    account.delete_namespace(&NamespaceId::new("../x?y").unwrap()).await.unwrap_err();
    assert!(server.requests()[0].target.ends_with("/namespaces/..%2Fx%3Fy"));
}

#[tokio::test]
async fn a_closed_account_sends_nothing() {
    let server = ScriptedServer::in_order(vec![Reaction::result(json!(null))]).await;
    let account = account(&server);
    let namespace = account.open(&id());
    account.close().await.unwrap();
    account.clone().close().await.unwrap();
    assert_eq!(account.list_namespaces().await.unwrap_err().kind(), ErrorKind::Closed);
    let removed = kv_core::KvNamespace::remove(&namespace, kv_core::Key::from_static("k")).await;
    let error = removed.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Closed, Some("remove")));
    assert_eq!(server.request_lines(), [""; 0]);
}
