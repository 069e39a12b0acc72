//! Fuzz target for requests to kv-server: each gets a response, never status 500, and errors have
//! Cloudflare's envelope.
//!
//! Input: a line with method and target, lines of headers, an empty line, and the body.
#![no_main]

use std::sync::{Arc, LazyLock};

use axum::{Router, body::Body, http::Request};
use http_body_util::BodyExt;
use kv_core::{KvStore, NamespaceInfo, NamespaceTitle};
use kv_memory::MemoryStore;
use kv_server::KvServer;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

struct Server {
    runtime: Runtime,
    store: MemoryStore,
    router: Router,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let store = MemoryStore::new();
    let server = KvServer::builder(Arc::new(store.clone())).build().unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    Server { runtime, store, router: server.router() }
});

/// Most namespaces that inputs may leave behind; above it all are deleted.
const MAX_NAMESPACES: usize = 20;

/// Finds or creates the namespace `n`. Inputs write its id as `ID`, since it differs in every run.
async fn namespace(store: &MemoryStore) -> NamespaceInfo {
    let namespaces = store.list_namespaces().await.unwrap();
    let too_many = namespaces.len() > MAX_NAMESPACES;
    for info in namespaces {
        if !too_many && info.title.as_str() == "n" {
            return info;
        }
        if too_many {
            store.delete_namespace(&info.id).await.unwrap();
        }
    }
    store.create_namespace(NamespaceTitle::new("n").unwrap()).await.unwrap()
}

fuzz_target!(|data: &[u8]| {
    let end = data.windows(2).position(|window| window == b"\n\n");
    let (head, body) = end.map_or((data, &b""[..]), |end| (&data[..end], &data[end + 2..]));
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let Some(space) = first.iter().position(|byte| *byte == b' ') else { return };
    let Server { runtime, store, router } = &*SERVER;
    runtime.block_on(async {
        let info = namespace(store).await;
        let target = String::from_utf8_lossy(&first[space + 1..]).replace("/ID", &format!("/{}", info.id));
        let mut request = Request::builder().method(&first[..space]).uri(target).header("host", "127.0.0.1");
        for line in lines {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            request = request.header(&line[..colon], line[colon + 1..].trim_ascii());
        }
        // hyper rejects a malformed request before the router sees it.
        let Ok(request) = request.body(Body::from(body.to_vec())) else { return };
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        assert_ne!(status.as_u16(), 500);
        let is_json = response.headers().get("content-type").is_some_and(|kind| kind == "application/json");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        if is_json && !status.is_success() {
            let envelope: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(envelope["success"], false);
            assert!(!envelope["errors"].as_array().unwrap().is_empty());
        }
    });
});
