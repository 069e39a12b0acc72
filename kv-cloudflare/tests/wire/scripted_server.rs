//! Server that reacts as a test says and keeps the requests that it received.

use std::{
    fmt::Write,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kv_cloudflare::{Budget, CloudflareNamespace, CloudflareNamespaceBuilder};
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, yield_now},
    time::sleep,
};

use crate::received_request::{ReceivedRequest, read_request};

pub(crate) const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const NAMESPACE: &str = "fedcba9876543210fedcba9876543210";
pub(crate) const TOKEN: &str = "very-secret-token";

/// Reaction of the server to a request.
#[derive(Debug, Clone)]
pub(crate) enum Reaction {
    /// Answers and keeps the connection.
    Answer { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    /// Sends these bytes and closes the connection.
    Close(Vec<u8>),
    /// Sends these bytes and resets the connection.
    Reset(Vec<u8>),
    /// Sends these bytes and then nothing.
    Hang(Vec<u8>),
    /// Sends these bytes, and then one more after each pause.
    Trickle(Vec<u8>, Duration),
    /// Sends these bytes and then others without end.
    Endless(Vec<u8>),
}

impl Reaction {
    pub(crate) fn status(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.into() }
    }

    /// Returns an answer without an envelope.
    pub(crate) fn value(bytes: impl Into<Vec<u8>>) -> Self {
        Self::status(200, bytes).with("content-type", "application/octet-stream")
    }

    /// Returns an envelope with a result.
    pub(crate) fn result(result: Json) -> Self {
        Self::envelope(200, json!({ "success": true, "errors": [], "messages": [], "result": result }))
    }

    pub(crate) fn envelope(status: u16, envelope: Json) -> Self {
        Self::status(status, envelope.to_string()).with("content-type", "application/json")
    }

    /// Returns an envelope with an error.
    pub(crate) fn error(status: u16, code: u32, message: &str) -> Self {
        let errors = json!([{ "code": code, "message": message }]);
        Self::envelope(status, json!({ "success": false, "errors": errors, "messages": [], "result": null }))
    }

    pub(crate) fn absent() -> Self {
        Self::error(404, 10009, "get: 'key not found'")
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

type Script = dyn Fn(&ReceivedRequest) -> Reaction + Send + Sync;

pub(crate) struct ScriptedServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    script: Box<Script>,
    request: Mutex<Vec<ReceivedRequest>>,
    connections: AtomicUsize,
    /// Concurrent requests now, and their maximum so far.
    concurrent: AtomicUsize,
    max_concurrent: AtomicUsize,
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl ScriptedServer {
    pub(crate) async fn new(script: impl Fn(&ReceivedRequest) -> Reaction + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            request: Mutex::default(),
            connections: AtomicUsize::new(0),
            concurrent: AtomicUsize::new(0),
            max_concurrent: AtomicUsize::new(0),
        });
        let served = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                served.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&served)));
            }
        });
        Self { address, shared, accepting }
    }

    /// Returns a server with these reactions, one per request; the last one repeats.
    pub(crate) async fn in_order(reactions: Vec<Reaction>) -> Self {
        let turn = AtomicUsize::new(0);
        Self::new(move |_| {
            let turn = turn.fetch_add(1, Ordering::SeqCst);
            reactions[turn.min(reactions.len() - 1)].clone()
        })
        .await
    }

    pub(crate) fn base_url(&self) -> String {
        base_url(self.address)
    }

    pub(crate) fn builder(&self) -> CloudflareNamespaceBuilder {
        builder(self.address)
    }

    pub(crate) fn client(&self) -> CloudflareNamespace {
        self.builder().build().unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared.request.lock().unwrap().clone()
    }

    pub(crate) fn request_lines(&self) -> Vec<String> {
        self.requests().iter().map(ReceivedRequest::line).collect()
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn max_concurrent(&self) -> usize {
        self.shared.max_concurrent.load(Ordering::SeqCst)
    }
}

fn base_url(server: SocketAddr) -> String {
    format!("http://{server}/client/v4")
}

/// Returns a builder of clients for this address.
pub(crate) fn builder(server: SocketAddr) -> CloudflareNamespaceBuilder {
    CloudflareNamespace::builder()
        .account_id(ACCOUNT)
        .namespace_id(NAMESPACE)
        .api_token(TOKEN)
        .base_url(base_url(server))
        .budget(Budget::unlimited())
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    // Otherwise a second part waits 40 ms for the acknowledgement of the first, and paused time moves by
    // seconds.
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        let concurrent = shared.concurrent.fetch_add(1, Ordering::SeqCst) + 1;
        shared.max_concurrent.fetch_max(concurrent, Ordering::SeqCst);
        shared.request.lock().unwrap().push(request.clone());
        // Others get their turn, so that requests that are sent together show as such.
        for _ in 0..8 {
            yield_now().await;
        }
        let reaction = (shared.script)(&request);
        shared.concurrent.fetch_sub(1, Ordering::SeqCst);
        if !react(&mut stream, reaction).await {
            return;
        }
    }
}

/// Performs the reaction. Returns `true` if the connection stays open.
async fn react(stream: &mut TcpStream, reaction: Reaction) -> bool {
    match reaction {
        Reaction::Answer { status, headers, body } => {
            let mut head = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                write!(head, "{name}: {value}\r\n").unwrap();
            }
            stream.write_all((head + "\r\n").as_bytes()).await.is_ok()
                && stream.write_all(&body).await.is_ok()
        }
        Reaction::Close(bytes) => {
            let _ = stream.write_all(&bytes).await;
            false
        }
        Reaction::Reset(bytes) => {
            let _ = stream.write_all(&bytes).await;
            stream.set_zero_linger().unwrap();
            false
        }
        Reaction::Hang(bytes) => {
            let _ = stream.write_all(&bytes).await;
            // Until the client gives up.
            let _ = stream.read_u8().await;
            false
        }
        Reaction::Trickle(bytes, pause) => {
            let _ = stream.write_all(&bytes).await;
            loop {
                sleep(pause).await;
                if stream.write_all(b"x").await.is_err() {
                    return false;
                }
            }
        }
        Reaction::Endless(bytes) => {
            let _ = stream.write_all(&bytes).await;
            while stream.write_all(&[b' '; 16_384]).await.is_ok() {}
            false
        }
    }
}
