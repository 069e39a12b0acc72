#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
//! Process of kv-server: its start, its output, its end.
#![cfg(all(feature = "stores", unix))]

mod support;

use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use support::{
    client::exchange,
    process::{isolate, listening, namespace_id},
    server::NAMESPACES,
};

/// A process that listens. It is killed when it is dropped.
struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
    address: String,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = support::process::command(arguments);
    command.stderr(Stdio::piped());
    command
}

async fn start(mut command: Command) -> Process {
    let mut child = command.spawn().unwrap();
    let (address, stdout) = listening(&mut child).await;
    Process { child, stdout, address }
}

/// Returns the whole response to a request on a connection of its own.
async fn ask(address: &str, method: &str, path: &str, token: &str, body: &str) -> String {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    String::from_utf8(exchange(address, request.as_bytes()).await.unwrap()).unwrap()
}

async fn send_signal(child: &Child, signal: &str) {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
}

impl Process {
    async fn ask(&self, method: &str, path: &str, token: &str, body: &str) -> String {
        ask(&self.address, method, path, token, body).await
    }

    /// Creates a namespace and returns its path.
    async fn create(&self, token: &str) -> String {
        let response = self.ask("POST", NAMESPACES, token, r#"{"title":"n"}"#).await;
        format!("{NAMESPACES}/{}", namespace_id(&response))
    }

    async fn signal(&self, signal: &str) {
        send_signal(&self.child, signal).await;
    }

    /// Waits until the process closes its listener, after its first signal.
    async fn until_it_stops_listening(&self) {
        let stopped = async { while TcpStream::connect(&self.address).await.is_ok() {} };
        timeout(Duration::from_secs(20), stopped).await.unwrap();
    }

    /// Waits for the end, and returns the exit code, the rest of stdout, and stderr.
    async fn end(mut self) -> (Option<i32>, String, String) {
        let status = timeout(Duration::from_secs(20), self.child.wait()).await.unwrap().unwrap();
        let mut stdout = String::new();
        let mut stderr = String::new();
        self.stdout.read_to_string(&mut stdout).await.unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).await.unwrap();
        (status.code(), stdout, stderr)
    }
}

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
async fn a_request_in_flight_at_a_signal_is_finished_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("redb:{}", folder.path().join("app.kv").display());
    let arguments = ["--store", &store, "--listen", "127.0.0.1:0"];
    let first = start(command(&arguments)).await;
    let namespace = first.create("any").await;
    let mut connection = TcpStream::connect(&first.address).await.unwrap();
    let head = format!(
        "PUT {namespace}/values/k HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut response = [0; 25];
    connection.read_exact(&mut response).await.unwrap();
    assert_eq!(&response, b"HTTP/1.1 100 Continue\r\n\r\n");
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
    let mut connection = TcpStream::connect(&process.address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.read_exact(&mut [0; 12]).await.unwrap();
    let busy = process.ask("GET", &path, "any", "").await;
    assert!(busy.starts_with("HTTP/1.1 503 ") && busy.contains("\r\nretry-after: 1\r\n"), "{busy}");
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
    let mut connection = TcpStream::connect(&process.address).await.unwrap();
    let head = format!(
        "PUT {namespace}/values/k HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut response = [0; 12];
    connection.read_exact(&mut response).await.unwrap();
    assert_eq!(&response, b"HTTP/1.1 100");
    process.signal("-TERM").await;
    process.until_it_stops_listening().await;
    process.signal("-TERM").await;
    assert_eq!(process.end().await.0, Some(130));
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
async fn an_error_names_a_port_in_use() {
    let process = start(command(&["--store", "memory:", "--listen", "127.0.0.1:0"])).await;
    let output = command(&["--store", "memory:", "--listen", &process.address]).output().await.unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains(&format!("cannot listen on {}", process.address)), "{stderr}");
}
