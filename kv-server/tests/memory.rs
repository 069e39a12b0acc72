#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
//! Memory for one value of 25 MiB, in the server and its client together.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes, HttpBody as _},
    http::{HeaderValue, Request},
};
use futures_util::{StreamExt as _, stream};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use kv_memory::MemoryStore;
use kv_server::KvServer;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{self, Runtime},
};

const MIB: u64 = 1024 * 1024;
const MAX_VALUE: usize = 25 * 1024 * 1024;

/// A client with one connection, and its server on the same thread.
struct Client {
    runtime: Runtime,
    sender: SendRequest<Body>,
    path: String,
}

impl Client {
    /// Starts both on one thread, so that the allocations of both are counted.
    fn start() -> Self {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (sender, path) = runtime.block_on(async {
            let store = MemoryStore::new();
            let namespace = store.open_namespace("n").await.unwrap();
            let server = KvServer::builder(Arc::new(store)).build().unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let path = format!(
                "/client/v4/accounts/{}/storage/kv/namespaces/{}/values/k",
                server.account_id(),
                namespace.id().unwrap()
            );
            tokio::spawn(async move { server.serve(listener, std::future::pending()).await });
            let stream = TcpStream::connect(address).await.unwrap();
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            (sender, path)
        });
        Self { runtime, sender, path }
    }

    /// Sends a request, and returns the length of the response's body, which is not kept.
    fn send(&mut self, mut request: Request<Body>) -> usize {
        request.headers_mut().insert("host", HeaderValue::from_static("localhost"));
        let Self { runtime, sender, .. } = self;
        runtime.block_on(async {
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(response.status(), 200);
            let mut chunks = Body::new(response.into_body()).into_data_stream();
            let mut len = 0;
            while let Some(chunk) = chunks.next().await {
                len += chunk.unwrap().len();
            }
            len
        })
    }
}

/// Returns the peak of allocated memory during `work`, beyond that before, in MiB.
fn peak(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).bytes_max / MIB
}

#[test]
fn a_value_is_copied_once_by_a_put_and_never_by_a_get() {
    let mut client = Client::start();
    let value = Bytes::from(vec![b'x'; MAX_VALUE]);
    let request = |client: &Client| Request::builder().uri(client.path.clone());

    let raw = request(&client).method("PUT").body(Body::from(value.clone())).unwrap();
    let put = peak(|| {
        client.send(raw);
    });
    let get = request(&client).body(Body::empty()).unwrap();
    let get = peak(|| assert_eq!(client.send(get), MAX_VALUE));

    let head = "--B\r\nContent-Disposition: form-data; name=\"value\"\r\n\r\n";
    let tail = "\r\n--B\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n1\r\n--B--\r\n";
    let len = head.len() + MAX_VALUE + tail.len();
    let parts = [Bytes::from(head), value, Bytes::from(tail)].map(Ok::<_, std::io::Error>);
    let form = Body::from_stream(stream::iter(parts));
    assert_eq!(form.size_hint().exact(), None);
    let multipart = request(&client)
        .method("PUT")
        .header("content-type", "multipart/form-data; boundary=B")
        .header("content-length", len)
        .body(form)
        .unwrap();
    // The put frees the old value, so the peak may be less than a value's length.
    let multipart = peak(|| {
        client.send(multipart);
    });
    println!("peaks in MiB: put {put}, get {get}, multipart put {multipart}");
    assert!(put < 30 && get < 5 && multipart < 30, "{put}, {get}, {multipart}");
}
