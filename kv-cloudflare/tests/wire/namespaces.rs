//! The namespaces of an account.

use kv_cloudflare::CloudflareAccount;
use kv_core::{ErrorKind, Jurisdiction, KvStore, NamespaceId, NamespaceInfo, NamespaceTitle};
use serde_json::json;

use crate::paused_time::on_paused_time;
use crate::scripted::{ACCOUNT, NAMESPACE, Reaction, Scripted, TOKEN};

fn account(server: &Scripted) -> CloudflareAccount {
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
async fn namespaces_are_made_renamed_and_deleted() {
    let object = json!({ "id": NAMESPACE, "title": "sessions \"é\"", "supports_url_encoding": true });
    let info = NamespaceInfo::new(id(), title());
    for rename in [object.clone(), json!(null), json!({})] {
        // What the answer to a rename does not say is asked for.
        let is_told = rename == object;
        let mut answers = vec![object.clone(), object.clone(), rename];
        answers.extend((!is_told).then(|| object.clone()));
        answers.push(json!(null));
        let server = Scripted::in_turn(answers.into_iter().map(Reaction::result).collect()).await;
        let account = account(&server);
        assert_eq!(account.create_namespace(title()).await.unwrap(), info);
        assert_eq!(account.namespace_info(&id()).await.unwrap(), info);
        assert_eq!(account.rename_namespace(&id(), title()).await.unwrap(), info);
        account.delete_namespace(&id()).await.unwrap();
        let create = format!("POST /client/v4/accounts/{ACCOUNT}/storage/kv/namespaces");
        let expected = [create.as_str(), "GET ", "PUT ", "GET ", "DELETE "];
        let expected = expected.into_iter().enumerate().filter(|(place, _)| !is_told || *place != 3);
        assert_eq!(server.lines(), expected.map(|(_, line)| line).collect::<Vec<_>>());
        assert_eq!(server.asked()[0].json(), json!({ "title": "sessions \"é\"" }));
        assert_eq!(server.asked()[2].json(), json!({ "title": "sessions \"é\"" }));
    }
}

/// A namespace object with this jurisdiction, if any.
fn held_in(jurisdiction: Option<&str>) -> serde_json::Value {
    let mut object = json!({ "id": NAMESPACE, "title": "sessions \"é\"" });
    if let Some(jurisdiction) = jurisdiction {
        object["jurisdiction"] = json!(jurisdiction);
    }
    object
}

#[tokio::test]
async fn a_jurisdiction_is_asked_for_and_told() {
    for jurisdiction in Jurisdiction::ALL {
        let server = Scripted::in_turn(vec![Reaction::result(held_in(Some(jurisdiction.as_str())))]).await;
        let account = account(&server);
        let info = NamespaceInfo::new(id(), title()).with_jurisdiction(jurisdiction);
        assert_eq!(account.create_namespace_in(title(), jurisdiction).await.unwrap(), info);
        assert_eq!(account.namespace_info(&id()).await.unwrap(), info);
        assert_eq!(account.rename_namespace(&id(), title()).await.unwrap(), info);
        let asked = server.asked();
        let expected = json!({ "title": "sessions \"é\"", "jurisdiction": jurisdiction.as_str() });
        assert_eq!(asked[0].json(), expected);
        assert_eq!(asked[2].json(), json!({ "title": "sessions \"é\"" }), "it never changes");
        assert_eq!(asked.len(), 3);
    }
}

/// One that this crate does not know yet is no reason to list nothing.
#[tokio::test]
async fn an_unknown_jurisdiction_is_read_as_none() {
    for odd in [json!("moon"), json!(""), json!("EU"), json!(null)] {
        let mut first = one(1);
        let second = one(2);
        first["jurisdiction"] = odd.clone();
        let server = Scripted::in_turn(vec![Reaction::result(json!([first, second]))]).await;
        let listed = account(&server).list_namespaces().await.unwrap();
        let jurisdictions: Vec<_> = listed.iter().map(|info| info.jurisdiction).collect();
        assert_eq!(jurisdictions, [None, None], "{odd}");
    }
}

/// A namespace that was made elsewhere is not kept: the caller was promised where its data stays.
#[tokio::test]
async fn a_jurisdiction_that_is_not_taken_is_an_error() {
    let rows = [
        // What the creation is answered, what the namespace itself says, and what becomes of it.
        (None, Some("eu"), Ok(2)),
        (None, None, Err(3)),
        (Some("us"), Some("us"), Err(3)),
        (Some("moon"), None, Err(3)),
    ];
    for (created, known, outcome) in rows {
        let answers = [held_in(created), held_in(known), json!(null)].map(Reaction::result);
        let server = Scripted::in_turn(answers.to_vec()).await;
        let made = account(&server).create_namespace_in(title(), Jurisdiction::Eu).await;
        let asked = server.asked().len();
        match made {
            Ok(info) => assert_eq!((info.jurisdiction, Ok(asked)), (Some(Jurisdiction::Eu), outcome)),
            Err(error) => {
                assert_eq!((error.kind(), Err(asked)), (ErrorKind::Unsupported, outcome));
                assert_eq!(error.operation(), Some("create_namespace_in"));
                assert_eq!(server.lines()[2], "DELETE ");
            }
        }
    }
}

#[tokio::test]
async fn a_jurisdiction_that_is_refused_is_not_supported() {
    let refusal = || Reaction::error(400, 10_029, "create namespace: 'invalid jurisdiction'");
    let server = Scripted::in_turn(vec![refusal()]).await;
    let error = account(&server).create_namespace_in(title(), Jurisdiction::Fedramp).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unsupported, Some("create_namespace_in")));
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("invalid jurisdiction"), "{cause}");
    assert_eq!(server.asked().len(), 1);

    let taken = Reaction::error(400, 10_014, "a namespace with this account ID and title already exists");
    let server = Scripted::in_turn(vec![taken]).await;
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
        let server = Scripted::in_turn(vec![reaction]).await;
        let checked = account(&server).check_ready().await;
        assert_eq!(checked.err().map(|error| error.kind()), kind);
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn errors_of_namespaces_have_their_kinds() {
    let server = Scripted::in_turn(vec![
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

/// Pages follow each other, until the total is there or a page brings nothing new.
#[tokio::test]
async fn every_page_of_namespaces_is_asked_for() {
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
        ("smaller pages than asked for", vec![page(0..20, Some(40)), page(20..40, Some(40))], 40, 2),
        ("a server that knows no pages", vec![page(0..7, None)], 7, 2),
        (
            "a namespace that was created meanwhile",
            vec![page(0..100, Some(101)), page(99..101, Some(101))],
            101,
            2,
        ),
    ];
    for (case, pages, count, requests) in rows {
        let server = Scripted::in_turn(pages).await;
        let listed = account(&server).list_namespaces().await.unwrap();
        assert_eq!(listed.len(), count, "{case}");
        let lines = server.lines();
        assert_eq!(lines.len(), requests, "{case}");
        for (number, line) in lines.iter().enumerate() {
            let query = format!("?page={}&per_page=100&order=id&direction=asc", number + 1);
            assert!(line.ends_with(&query), "{case}: {line}");
        }
    }
}

/// Creating is not repeated where it may have been done: the second time it would find its own namespace.
#[test]
fn creating_is_sent_again_only_if_it_was_not_done() {
    on_paused_time(async {
        let object = || Reaction::result(one(1));
        let rows = [
            ("refused", Reaction::error(429, 971, "wait"), None, 2),
            ("lost", Reaction::Reset(Vec::new()), Some(ErrorKind::Unavailable), 1),
            ("unknown", Reaction::status(502, ""), Some(ErrorKind::Unavailable), 1),
        ];
        for (case, reaction, kind, requests) in rows {
            let server = Scripted::in_turn(vec![reaction, object()]).await;
            let outcome = account(&server).create_namespace(title()).await;
            assert_eq!(outcome.err().map(|error| error.kind()), kind, "{case}");
            assert_eq!(server.asked().len(), requests, "{case}");
        }
    });
}

/// A deletion whose answer was lost is done when the second attempt finds nothing.
#[test]
fn a_deletion_that_was_done_is_not_missed() {
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
            let server = Scripted::in_turn(reactions).await;
            let outcome = account(&server).delete_namespace(&id()).await;
            assert_eq!(outcome.err().map(|error| error.kind()), kind, "{case}");
        }
    });
}

/// Ids that no URL can carry are unknown, and nothing is sent.
#[tokio::test]
async fn odd_ids_reach_no_other_address() {
    let server = Scripted::in_turn(vec![Reaction::error(404, 10_013, "namespace not found")]).await;
    let account = account(&server);
    for odd in [".", ".."] {
        let id = NamespaceId::new(odd).unwrap();
        assert_eq!(account.delete_namespace(&id).await.unwrap_err().kind(), ErrorKind::NamespaceNotFound);
        let read =
            account.namespace(&id).read(kv_core::Key::from_static("k"), kv_core::GetOptions::default()).await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::NamespaceNotFound);
    }
    assert_eq!(server.lines(), [""; 0]);
    account.delete_namespace(&NamespaceId::new("../x?y").unwrap()).await.unwrap_err();
    assert!(server.asked()[0].target.ends_with("/namespaces/..%2Fx%3Fy"));
}

#[tokio::test]
async fn a_closed_account_sends_nothing() {
    let server = Scripted::in_turn(vec![Reaction::result(json!(null))]).await;
    let account = account(&server);
    let namespace = account.open(&id());
    account.close().await.unwrap();
    account.clone().close().await.unwrap();
    assert_eq!(account.list_namespaces().await.unwrap_err().kind(), ErrorKind::Closed);
    let removed = kv_core::KvNamespace::remove(&namespace, kv_core::Key::from_static("k")).await;
    let error = removed.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Closed, Some("remove")));
    assert_eq!(server.lines(), [""; 0]);
}
