//! A server that does what a test says, and remembers what it was asked.

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
    time::{Instant, sleep},
};

pub(crate) const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const NAMESPACE: &str = "fedcba9876543210fedcba9876543210";
pub(crate) const TOKEN: &str = "very-secret-token";

/// Where the namespace's addresses begin.
pub(crate) const PATH: &str = "/client/v4/accounts/0123456789abcdef0123456789abcdef/storage/kv/namespaces/\
                               fedcba9876543210fedcba9876543210";

/// A request, as the server got it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) at: Instant,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Method and target behind the namespace's address, such as `GET /values/a`.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target.strip_prefix(PATH).unwrap_or(&self.target))
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reaction {
    /// Answers, and keeps the connection.
    Answer { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    /// Sends these bytes and closes the connection.
    Close(Vec<u8>),
    /// Sends these bytes and resets the connection.
    Reset(Vec<u8>),
    /// Sends these bytes and nothing more.
    Hang(Vec<u8>),
    /// Sends these bytes and then one more each time the pause is over.
    Trickle(Vec<u8>, Duration),
    /// Sends these bytes and then more without end.
    Endless(Vec<u8>),
}

impl Reaction {
    pub(crate) fn status(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.into() }
    }

    /// An answer without an envelope.
    pub(crate) fn value(bytes: impl Into<Vec<u8>>) -> Self {
        Self::status(200, bytes).with("content-type", "application/octet-stream")
    }

    /// A result in its envelope.
    pub(crate) fn result(result: Json) -> Self {
        Self::envelope(200, json!({ "success": true, "errors": [], "messages": [], "result": result }))
    }

    pub(crate) fn envelope(status: u16, envelope: Json) -> Self {
        Self::status(status, envelope.to_string()).with("content-type", "application/json")
    }

    /// A refusal in its envelope.
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

type Script = dyn Fn(&Asked) -> Reaction + Send + Sync;

pub(crate) struct Scripted {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    script: Box<Script>,
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
    /// Requests under way, and the most that there were.
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Scripted {
    pub(crate) async fn new(script: impl Fn(&Asked) -> Reaction + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            asked: Mutex::default(),
            connections: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
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

    /// Does `reactions` one after the other, and the last one for ever.
    pub(crate) async fn in_turn(reactions: Vec<Reaction>) -> Self {
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

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(Asked::line).collect()
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn most_under_way(&self) -> usize {
        self.shared.most_under_way.load(Ordering::SeqCst)
    }
}

fn base_url(server: SocketAddr) -> String {
    format!("http://{server}/client/v4")
}

/// A client of whatever listens there.
pub(crate) fn builder(server: SocketAddr) -> CloudflareNamespaceBuilder {
    CloudflareNamespace::builder()
        .account_id(ACCOUNT)
        .namespace_id(NAMESPACE)
        .api_token(TOKEN)
        .base_url(base_url(server))
        .budget(Budget::unlimited())
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    // Else a second part waits 40 ms for the first one to be acknowledged, in which a paused time moves on by seconds.
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::new();
    while let Some(asked) = read_request(&mut stream, &mut buffer).await {
        let under_way = shared.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most_under_way.fetch_max(under_way, Ordering::SeqCst);
        shared.asked.lock().unwrap().push(asked.clone());
        // Others get their turn, so that requests that are sent together show as such.
        for _ in 0..8 {
            yield_now().await;
        }
        let reaction = (shared.script)(&asked);
        shared.under_way.fetch_sub(1, Ordering::SeqCst);
        if !react(&mut stream, reaction).await {
            return;
        }
    }
}

/// Reads one request, or answers `None` where the client is gone.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Asked> {
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut headers);
        if let Ok(httparse::Status::Complete(head)) = request.parse(buffer) {
            let method = request.method.unwrap().to_owned();
            let target = request.path.unwrap().to_owned();
            let headers: Vec<_> = request
                .headers
                .iter()
                .map(|header| (header.name.to_owned(), String::from_utf8(header.value.to_vec()).unwrap()))
                .collect();
            buffer.drain(..head);
            let is = |name: &str| headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
            let body = match is("content-length") {
                Some((_, length)) => read_exactly(stream, buffer, length.parse().unwrap()).await?,
                None if is("transfer-encoding").is_some() => read_chunks(stream, buffer).await?,
                None => Vec::new(),
            };
            return Some(Asked { method, target, headers, body, at: Instant::now() });
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// Takes `length` bytes, or answers `None` where the client is gone before them.
async fn read_exactly(stream: &mut TcpStream, buffer: &mut Vec<u8>, length: usize) -> Option<Vec<u8>> {
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let rest = buffer.split_off(length);
    Some(std::mem::replace(buffer, rest))
}

/// Takes a body in chunks.
async fn read_chunks(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        match httparse::parse_chunk_size(buffer).unwrap() {
            httparse::Status::Partial => {
                if stream.read_buf(buffer).await.ok()? == 0 {
                    return None;
                }
            }
            httparse::Status::Complete((head, size)) => {
                buffer.drain(..head);
                let chunk = read_exactly(stream, buffer, usize::try_from(size).unwrap() + 2).await?;
                body.extend_from_slice(&chunk[..chunk.len() - 2]);
                if size == 0 {
                    return Some(body);
                }
            }
        }
    }
}

/// Does what the test says, and answers whether the connection goes on.
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
