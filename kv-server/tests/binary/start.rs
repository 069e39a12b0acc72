//! Start of the process: arguments, environment, and what prevents it.

use std::time::Duration;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::Command,
    time::timeout,
};

use crate::{
    process::{ask, command, send_signal, start},
    support::server::NAMESPACES,
};

#[tokio::test]
async fn the_token_comes_from_the_environment_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, " from-a-file\n").unwrap();
    let base = ["--store", "memory:", "--listen", "127.0.0.1:0"];
    let mut from_environment = command(&base);
    from_environment.env("KV_SERVER_TOKEN", "from-the-environment");
    let from_file = command(&[&base[..], &["--token-file", file.to_str().unwrap()]].concat());
    for (command, token) in [(from_environment, "from-the-environment"), (from_file, "from-a-file")] {
        let process = start(command).await;
        process.create(token).await;
        assert!(process.ask("GET", NAMESPACES, "other", "").await.starts_with("HTTP/1.1 403 "));
    }
    // Without a token, any is accepted.
    start(command(&base)).await.create("any").await;
}

#[tokio::test]
async fn metrics_have_a_listener_of_their_own() {
    let mut process =
        start(command(&["--store", "memory:", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"]))
            .await;
    process.create("any").await;
    assert!(process.ask("GET", "/metrics", "any", "").await.starts_with("HTTP/1.1 400 "));
    let mut lines = BufReader::new(process.child.stderr.take().unwrap()).lines();
    let address = loop {
        let line = timeout(Duration::from_secs(20), lines.next_line()).await.unwrap().unwrap().unwrap();
        if let Some((_, address)) = line.split_once("metrics on http://") {
            break address.strip_suffix("/metrics").unwrap().to_owned();
        }
    };
    let response = ask(&address, "GET", "/metrics", "", "").await;
    let counted = r#"kv_server_requests_total{route="namespaces",method="POST",status="200"} 1"#;
    assert!(response.contains(counted), "{response}");
    process.signal("-TERM").await;
    assert_eq!(process.child.wait().await.unwrap().code(), Some(0));
    assert!(TcpStream::connect(&address).await.is_err());
}

#[tokio::test]
async fn flags_reach_the_server() {
    let account = "fedcba98765432100123456789abcdef";
    let process = start(command(&[
        "--store",
        "memory:",
        "--listen",
        "127.0.0.1:0",
        "--emulate-rate-limits",
        "--max-concurrent-requests",
        "1",
        "--account-id",
        account,
    ]))
    .await;
    let path = format!("/client/v4/accounts/{account}/storage/kv/namespaces");
    let response = process.ask("POST", &path, "any", r#"{"title":"n"}"#).await;
    assert!(response.starts_with("HTTP/1.1 200 ") && response.contains("r=1199;t=300"), "{response}");
    assert!(process.ask("GET", NAMESPACES, "any", "").await.starts_with("HTTP/1.1 403 "));
    // A request that waits for its body takes the only place.
    let _connection = process.begin("POST", &path, 9).await;
    let busy = process.ask("GET", &path, "any", "").await;
    assert!(busy.starts_with("HTTP/1.1 503 ") && busy.contains("\r\nretry-after: 1\r\n"), "{busy}");
}

#[tokio::test]
async fn a_name_or_a_port_alone_listens_on_this_machine() {
    for listen in ["localhost:0", "0", "127.0.0.2:0"] {
        let process =
            start(command(&["--store", "memory:", "--listen", listen, "--metrics-listen", listen])).await;
        let address: std::net::SocketAddr = process.address.parse().unwrap();
        assert!(address.ip().is_loopback(), "{listen}: {address}");
        process.create("any").await;
    }
}

#[tokio::test]
async fn a_page_of_another_site_is_refused_unless_its_host_is_allowed() {
    let process = start(command(&["--store", "memory:", "--listen", "0", "--allow-host", "dev.test"])).await;
    for (host, status) in [("localhost", 200), ("dev.test", 200), ("evil.example", 403)] {
        let mut connection = TcpStream::connect(&process.address).await.unwrap();
        let head = format!("GET {NAMESPACES} HTTP/1.1\r\nhost: {host}:8788\r\nconnection: close\r\n\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut response = String::new();
        connection.read_to_string(&mut response).await.unwrap();
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{host}: {response}");
    }
}

#[tokio::test]
async fn a_signal_ends_a_start_that_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("token");
    assert!(Command::new("mkfifo").arg(&pipe).status().await.unwrap().success());
    for signal in ["-TERM", "-INT"] {
        let arguments = ["--store", "memory:", "--listen", "127.0.0.1:0", "--token-file"];
        let mut child = command(&[&arguments[..], &[pipe.to_str().unwrap()]].concat()).spawn().unwrap();
        // The pipe can be opened for writing once the process reads it; it listens for signals before that.
        let writer = tokio::net::unix::pipe::OpenOptions::new();
        let opened = async {
            loop {
                match writer.open_sender(&pipe) {
                    Ok(sender) => return sender,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        };
        let _writer = timeout(Duration::from_secs(20), opened).await.unwrap();
        send_signal(&child, signal).await;
        let status = timeout(Duration::from_secs(20), child.wait()).await.unwrap().unwrap();
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).await.unwrap();
        assert_eq!((status.code(), stderr.lines().count()), (Some(130), 1), "{stderr}");
        assert!(stderr.contains("stopped by a signal during startup"), "{stderr}");
    }
}

#[tokio::test]
async fn an_error_names_a_port_in_use() {
    let process = start(command(&["--store", "memory:", "--listen", "127.0.0.1:0"])).await;
    let output = command(&["--store", "memory:", "--listen", &process.address]).output().await.unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains(&format!("cannot listen on {}", process.address)), "{stderr}");
}
