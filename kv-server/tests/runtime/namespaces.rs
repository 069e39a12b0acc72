//! Which namespace a request is about, and whether it may be.

use std::time::Duration;

use kv_core::{KvStore as _, NamespaceTitle};

use crate::{
    client::{Answer, TITLE, ask, send, start},
    harness::{Server, TOKEN},
};

const NOT_FOUND: (u16, &str) = (400, "namespace not found");

async fn get(server: &Server, namespace: &str) -> Answer {
    let headers = format!("x-kv-namespace: {namespace}\r\nauthorization: Bearer {TOKEN}\r\n");
    send(server, "GET", "/k", &headers, &[]).await
}

fn title(text: &str) -> NamespaceTitle {
    NamespaceTitle::new(text).unwrap()
}

#[tokio::test]
async fn it_is_named_by_id_or_title_and_never_made_on_the_way() {
    let server = start().await;
    ask(&server, "PUT", "/k", "v").await;
    let [info] = &server.store.list_namespaces().await.unwrap()[..] else { panic!("there is one namespace") };
    for name in [TITLE, info.id.as_str()] {
        assert_eq!(get(&server, name).await.text(), "v", "{name}");
    }
    let long = "x".repeat(600);
    // Two names are none.
    let headers =
        format!("x-kv-namespace: {TITLE}\r\nx-kv-namespace: {TITLE}\r\nauthorization: Bearer {TOKEN}\r\n");
    assert_eq!(send(&server, "GET", "/k", &headers, &[]).await.outcome(), NOT_FOUND);
    for name in ["", "größe", "GRÖSSE 😀", "0".repeat(32).as_str(), &long] {
        for method in ["GET", "PUT", "DELETE", "POST"] {
            for target in ["/", "/k", "/.", "/bulk/get"] {
                let headers = format!("x-kv-namespace: {name}\r\nauthorization: Bearer {TOKEN}\r\n");
                let answer = send(&server, method, target, &headers, &[]).await;
                assert_eq!(answer.outcome(), NOT_FOUND, "{method} {target} {name}");
            }
        }
    }
    assert_eq!(server.store.list_namespaces().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_name_that_is_not_utf_8_is_nobodys() {
    let server = start().await;
    let mut connection = server.connect().await;
    let head = [
        b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-kv-namespace: \xff\r\nauthorization: Bearer ",
        TOKEN.as_bytes(),
        b"\r\n\r\n",
    ]
    .concat();
    tokio::io::AsyncWriteExt::write_all(&mut connection, &head).await.unwrap();
    assert_eq!(crate::client::read(&mut connection).await.outcome(), NOT_FOUND);
}

#[tokio::test]
async fn a_title_that_was_seen_is_followed_to_whoever_has_it_now() {
    let server = start().await;
    let store = &server.store;
    ask(&server, "PUT", "/k", "first").await;
    let first = store.list_namespaces().await.unwrap().remove(0).id;
    assert_eq!(get(&server, TITLE).await.text(), "first");

    store.rename_namespace(&first, title("renamed")).await.unwrap();
    assert_eq!(get(&server, TITLE).await.outcome(), NOT_FOUND);
    assert_eq!(get(&server, "renamed").await.text(), "first");

    // What another process creates may take a second to be seen.
    store.create_namespace(title(TITLE)).await.unwrap();
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(get(&server, TITLE).await.outcome(), (404, "Not Found"));
    ask(&server, "PUT", "/k", "second").await;
    assert_eq!(get(&server, TITLE).await.text(), "second");

    store.delete_namespace(&first).await.unwrap();
    for name in ["renamed", first.as_str()] {
        assert_eq!(get(&server, name).await.outcome(), NOT_FOUND, "{name}");
    }
    assert_eq!(get(&server, TITLE).await.text(), "second");
}

#[tokio::test]
async fn two_servers_in_one_process_do_not_share_titles() {
    let (one, two) = (start().await, start().await);
    for _ in 0..3 {
        ask(&one, "PUT", "/k", "one").await;
        ask(&two, "PUT", "/k", "two").await;
        assert_eq!(ask(&one, "GET", "/k", "").await.text(), "one");
        assert_eq!(ask(&two, "GET", "/k", "").await.text(), "two");
    }
}

#[tokio::test]
async fn the_token_comes_first() {
    let server = start().await;
    let wrong = [
        String::new(),
        "authorization: Bearer wrong\r\n".to_owned(),
        format!("authorization: {TOKEN}\r\n"),
        format!("x-auth-email: a@b\r\nx-auth-key: {TOKEN}\r\n"),
    ];
    for credentials in wrong {
        for name in [TITLE, "nobody's"] {
            let headers = format!("x-kv-namespace: {name}\r\n{credentials}");
            let answer = send(&server, "GET", "/..", &headers, &[]).await;
            assert_eq!(answer.outcome(), (401, "Unauthorized"), "{headers}");
        }
    }
}

#[tokio::test]
async fn a_server_without_a_token_asks_for_none() {
    let store = kv_memory::MemoryStore::new();
    store.open_namespace("n").await.unwrap();
    let handle = kv_server::KvServer::builder(std::sync::Arc::new(store)).build().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let running = tokio::spawn(async move { handle.serve(listener, std::future::pending()).await });
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = b"GET /k HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-kv-namespace: n\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut connection, head).await.unwrap();
    assert_eq!(crate::client::read(&mut connection).await.outcome(), (404, "Not Found"));
    running.abort();
}
