//! Namespace of a request, and the token that admits it.

use std::time::Duration;

use kv_core::{KvStore as _, NamespaceTitle};
use tokio::io::AsyncWriteExt as _;

use crate::{
    client::{TITLE, ask, get, headers_for, send, start},
    support::{
        client::read_response,
        server::{Server, TOKEN},
    },
};

const NOT_FOUND: (u16, &str) = (400, "namespace not found");

fn title(text: &str) -> NamespaceTitle {
    NamespaceTitle::new(text).unwrap()
}

#[tokio::test]
async fn a_namespace_is_found_by_id_or_title_and_never_created() {
    let server = start().await;
    ask(&server, "PUT", "/k", "v").await;
    let [info] = &server.store.list_namespaces().await.unwrap()[..] else { panic!("there is one namespace") };
    for name in [TITLE, info.id.as_str()] {
        assert_eq!(get(&server, name).await.text(), "v", "{name}");
    }
    let long = "x".repeat(600);
    // Two headers name no namespace.
    let headers = format!("x-kv-namespace: {TITLE}\r\n{}", headers_for(TITLE));
    assert_eq!(send(&server, "GET", "/k", &headers, &[]).await.status_line(), NOT_FOUND);
    for name in ["", "größe", "GRÖSSE 😀", "0".repeat(32).as_str(), &long] {
        for method in ["GET", "PUT", "DELETE", "POST"] {
            for target in ["/", "/k", "/.", "/bulk/get"] {
                let response = send(&server, method, target, &headers_for(name), &[]).await;
                assert_eq!(response.status_line(), NOT_FOUND, "{method} {target} {name}");
            }
        }
    }
    assert_eq!(server.store.list_namespaces().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_name_that_is_not_utf_8_is_not_found() {
    let server = start().await;
    let mut connection = server.connect().await;
    let head = [
        b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-kv-namespace: \xff\r\nauthorization: Bearer ",
        TOKEN.as_bytes(),
        b"\r\n\r\n",
    ]
    .concat();
    connection.write_all(&head).await.unwrap();
    assert_eq!(read_response(&mut connection).await.status_line(), NOT_FOUND);
}

#[tokio::test]
async fn a_known_title_leads_to_the_namespace_that_has_it_now() {
    let server = start().await;
    let store = &server.store;
    ask(&server, "PUT", "/k", "first").await;
    let first = store.list_namespaces().await.unwrap().remove(0).id;
    assert_eq!(get(&server, TITLE).await.text(), "first");

    store.rename_namespace(&first, title("renamed")).await.unwrap();
    assert_eq!(get(&server, TITLE).await.status_line(), NOT_FOUND);
    assert_eq!(get(&server, "renamed").await.text(), "first");

    // A namespace that another process creates is found within a second.
    store.create_namespace(title(TITLE)).await.unwrap();
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(get(&server, TITLE).await.status_line(), (404, "Not Found"));
    ask(&server, "PUT", "/k", "second").await;
    assert_eq!(get(&server, TITLE).await.text(), "second");

    store.delete_namespace(&first).await.unwrap();
    for name in ["renamed", first.as_str()] {
        assert_eq!(get(&server, name).await.status_line(), NOT_FOUND, "{name}");
    }
    assert_eq!(get(&server, TITLE).await.text(), "second");
}

#[tokio::test]
async fn two_servers_in_one_process_do_not_share_titles() {
    let one = start().await;
    let two = start().await;
    for _ in 0..3 {
        ask(&one, "PUT", "/k", "one").await;
        ask(&two, "PUT", "/k", "two").await;
        assert_eq!(ask(&one, "GET", "/k", "").await.text(), "one");
        assert_eq!(ask(&two, "GET", "/k", "").await.text(), "two");
    }
}

#[tokio::test]
async fn the_token_is_checked_first() {
    let server = start().await;
    let wrong = [
        String::new(),
        "authorization: Bearer wrong\r\n".to_owned(),
        format!("authorization: {TOKEN}\r\n"),
        format!("x-auth-email: a@b\r\nx-auth-key: {TOKEN}\r\n"),
    ];
    for credentials in wrong {
        for name in [TITLE, "unknown"] {
            let headers = format!("x-kv-namespace: {name}\r\n{credentials}");
            let response = send(&server, "GET", "/..", &headers, &[]).await;
            assert_eq!(response.status_line(), (401, "Unauthorized"), "{headers}");
        }
    }
}

#[tokio::test]
async fn a_server_without_a_token_asks_for_none() {
    let server = Server::start_without_token(|builder| builder).await;
    server.store.open_namespace("n").await.unwrap();
    let head = b"GET /k HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-kv-namespace: n\r\n\r\n";
    let mut connection = server.connect().await;
    connection.write_all(head).await.unwrap();
    assert_eq!(read_response(&mut connection).await.status_line(), (404, "Not Found"));
}
