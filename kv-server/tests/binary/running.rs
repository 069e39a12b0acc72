//! Running process: its data, its limits, its log, and its end.

use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::Command,
    time::timeout,
};

use crate::{
    process::{command, start},
    support::{process::isolate, server::NAMESPACES},
};

#[tokio::test]
async fn a_file_keeps_its_data_from_one_process_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("redb:{}", folder.path().join("app.kv").display());
    let arguments = ["--store", &store, "--listen", "127.0.0.1:0", "--token", "hunter2", "--log", "trace"];
    let first = start(command(&arguments)).await;
    let namespace = first.create("hunter2").await;
    let response = first.ask("PUT", &format!("{namespace}/values/secret-key"), "hunter2", "a value").await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    assert!(first.ask("GET", &namespace, "wrong", "").await.starts_with("HTTP/1.1 403 "));
    // The runtime's protocol, by one more header after the token's.
    let response = first.ask("GET", "/secret-key", "hunter2\r\nx-kv-namespace: n", "").await;
    assert!(response.ends_with("\r\n\r\na value"), "{response}");
    first.signal("-TERM").await;
    let (code, stdout, stderr) = first.end().await;
    assert_eq!((code, &*stdout), (Some(0), ""), "{stderr}");
    assert!(stderr.contains("route=\"value\" method=\"PUT\" status=200 key_len=10"), "{stderr}");
    assert!(stderr.contains("route=\"runtime\" method=\"GET\" status=200 key_len=10"), "{stderr}");
    for secret in ["hunter2", "secret-key", "a value", "wrong"] {
        assert!(!stderr.contains(secret), "{stderr}");
    }

    let second = start(command(&arguments)).await;
    let response = second.ask("GET", &format!("{namespace}/values/secret-key"), "hunter2", "").await;
    assert!(response.ends_with("\r\n\r\na value"), "{response}");
    second.signal("-INT").await;
    assert_eq!(second.end().await.0, Some(0));
}

#[tokio::test]
async fn a_request_in_flight_at_a_signal_is_finished_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("redb:{}", folder.path().join("app.kv").display());
    let arguments = ["--store", &store, "--listen", "127.0.0.1:0"];
    let first = start(command(&arguments)).await;
    let namespace = first.create("any").await;
    let mut connection = first.begin("PUT", &format!("{namespace}/values/k"), 4).await;
    connection.write_all(b"la").await.unwrap();
    first.signal("-TERM").await;
    first.until_it_stops_listening().await;
    connection.write_all(b"te").await.unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    assert_eq!(first.end().await.0, Some(0));

    let second = start(command(&arguments)).await;
    let response = second.ask("GET", &format!("{namespace}/values/k"), "any", "").await;
    assert!(response.ends_with("\r\n\r\nlate"), "{response}");
}

#[tokio::test]
async fn acknowledged_writes_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("redb:{}", folder.path().join("app.kv").display());
    let arguments = ["--store", &store, "--listen", "127.0.0.1:0"];
    let first = start(command(&arguments)).await;
    let namespace = first.create("any").await;
    for index in 0..20 {
        let response = first.ask("PUT", &format!("{namespace}/values/{index}"), "any", "kept").await;
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    }
    first.signal("-KILL").await;
    assert_eq!(first.end().await.0, None);
    let second = start(command(&arguments)).await;
    for index in 0..20 {
        let response = second.ask("GET", &format!("{namespace}/values/{index}"), "any", "").await;
        assert!(response.ends_with("\r\n\r\nkept"), "{index}: {response}");
    }
}

#[tokio::test]
async fn clients_get_a_response_when_no_descriptors_are_left() {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 40; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_kv-server")]);
    command.args(["--store", "memory:", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped());
    isolate(&mut command);
    let process = start(command).await;
    let mut kept = Vec::new();
    let mut refused = 0;
    for index in 0..60 {
        let path = if index % 2 == 0 { "/healthz" } else { NAMESPACES };
        let mut connection = TcpStream::connect(&process.address).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer any\r\n\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut response = String::new();
        let mut bytes = [0; 4096];
        while !response.contains("\"messages\"") && !response.ends_with("ok\n") {
            let read = timeout(Duration::from_secs(20), connection.read(&mut bytes)).await.unwrap().unwrap();
            assert_ne!(read, 0, "{index}: {response}");
            response.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
        let is_refused = response.contains("\r\nconnection: close\r\n");
        let status = if is_refused && path == NAMESPACES { "503" } else { "200" };
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{index}: {response}");
        if is_refused {
            refused += 1;
        } else {
            kept.push(connection);
        }
    }
    assert!(kept.len() > 10 && refused > 10, "{} {refused}", kept.len());
    drop(kept);
    // The server takes a moment to notice.
    let until_free =
        async { while process.ask("GET", NAMESPACES, "any", "").await.starts_with("HTTP/1.1 503 ") {} };
    timeout(Duration::from_secs(20), until_free).await.unwrap();
    process.create("any").await;
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    let process = start(command(&["--store", "memory:", "--listen", "127.0.0.1:0"])).await;
    let namespace = process.create("any").await;
    // A request whose body never ends keeps the process running.
    let _connection = process.begin("PUT", &format!("{namespace}/values/k"), 9).await;
    process.signal("-TERM").await;
    process.until_it_stops_listening().await;
    process.signal("-TERM").await;
    assert_eq!(process.end().await.0, Some(130));
}

#[tokio::test]
async fn an_unread_log_delays_no_request() {
    let arguments = ["--store", "memory:", "--listen", "127.0.0.1:0", "--log", "trace"];
    let process = start(command(&arguments)).await;
    let namespace = process.create("any").await;
    // Each request logs a line or more: many times the capacity of a pipe.
    let path = format!("{namespace}/values/k");
    for _ in 0..2000 {
        let response = timeout(Duration::from_secs(20), process.ask("GET", &path, "any", "")).await.unwrap();
        assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
    }
    process.signal("-TERM").await;
    let (code, _, stderr) = process.end().await;
    assert_eq!(code, Some(0));
    assert!(stderr.len() > 60_000, "{}", stderr.len());
}
