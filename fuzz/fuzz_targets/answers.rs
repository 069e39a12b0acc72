//! Fuzz target for responses to kv-cloudflare: each call ends with a result or an error.
//!
//! Input: a line with a call and a status, lines of headers, an empty line, and the body.
#![no_main]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{LazyLock, Mutex},
    thread,
    time::Duration,
};

use kv_cloudflare::{Budget, CloudflareAccount};
use kv_core::{
    GetOptions, Key, KvNamespace, KvStore, ListOptions, NamespaceId, NamespaceTitle, PutEntry, prelude::*,
};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

const ID: &str = "0123456789abcdef0123456789abcdef";

/// Response of the server to every request.
static ANSWER: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Client {
    runtime: Runtime,
    account: CloudflareAccount,
}

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/client/v4", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            thread::spawn(move || serve(connection.unwrap()));
        }
    });
    let builder = CloudflareAccount::builder().account_id(ID).api_token("token").base_url(base_url);
    let builder = builder.retries(0).budget(Budget::unlimited()).total_timeout(Duration::from_secs(5));
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    Client { runtime, account: builder.build().unwrap() }
});

/// Responds to each request of a connection after receiving it whole.
fn serve(connection: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(connection.try_clone().ok()?);
    let mut connection = connection;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(text) = line.strip_prefix("content-length: ") {
                length = text.parse().ok()?;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
        let answer = ANSWER.lock().unwrap().clone();
        connection.write_all(&answer).ok()?;
    }
}

fuzz_target!(|data: &[u8]| {
    let end = data.windows(2).position(|window| window == b"\n\n");
    let Some(end) = end else { return };
    let head = &data[..end];
    let body = &data[end + 2..];
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let Some((call, status)) = first.split_once(' ') else { return };
    let Ok(status) = status.parse::<u16>() else { return };
    // Informational responses are not final; 204 and 304 have no body.
    if !(200..600).contains(&status) || [204, 304].contains(&status) {
        return;
    }
    let mut answer = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n", body.len()).into_bytes();
    for line in lines {
        let line = line.trim_ascii();
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default().to_ascii_lowercase();
        // These headers would change where the response ends.
        if ![&b"content-length"[..], b"transfer-encoding", b"connection"].contains(&&*name) {
            answer.extend(line);
            answer.extend(b"\r\n");
        }
    }
    answer.extend(b"\r\n");
    answer.extend(body);
    *ANSWER.lock().unwrap() = answer;
    let Client { runtime, account } = &*CLIENT;
    runtime.block_on(make(account, call));
});

/// Makes the call that the input names.
async fn make(account: &CloudflareAccount, call: &str) {
    let id = NamespaceId::new(ID).unwrap();
    let kv = account.namespace(&id);
    let keys = || ["a", "b"].map(Key::from_static).to_vec();
    let options = GetOptions::default();
    let title = || NamespaceTitle::new("n").unwrap();
    match call {
        "get" => _ = kv.get("a").await,
        "get_with_metadata" => _ = kv.get_with_metadata("a").await,
        "get_many" => _ = kv.read_many(keys(), options).await,
        "get_many_text" => _ = kv.read_many(keys(), options.with_text(true).with_metadata(true)).await,
        "put" => _ = kv.put("a", "1").await,
        "put_many" => _ = kv.put_many(["a", "b"].map(|key| PutEntry::new(key, "1").unwrap())).await,
        "delete" => _ = kv.delete("a").await,
        "delete_many" => _ = kv.delete_many(["a", "b"]).await,
        "list" => _ = kv.list_page(ListOptions::default()).await,
        "create" => _ = account.create_namespace(title()).await,
        "namespaces" => _ = account.list_namespaces().await,
        "info" => _ = account.namespace_info(&id).await,
        "rename" => _ = account.rename_namespace(&id, title()).await,
        "delete_namespace" => _ = account.delete_namespace(&id).await,
        _ => {}
    }
}
