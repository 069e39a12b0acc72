//! Metrics.

use axum::{body::Body, http::Request};
use tokio::{net::TcpListener, sync::oneshot};

use crate::harness::{Reply, Server};

impl Server {
    /// The metrics, from a listener of their own.
    pub(crate) async fn metrics(&self, path: &str) -> Reply {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = self.handle.clone();
        let running = tokio::spawn(async move {
            server.serve_metrics(listener, async { stopped.await.unwrap_or_default() }).await
        });
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let reply = crate::harness::send(address, request).await;
        stop.send(()).unwrap();
        running.await.unwrap().unwrap();
        reply
    }

    pub(crate) async fn metrics_text(&self) -> String {
        String::from_utf8(self.metrics("/metrics").await.body.to_vec()).unwrap()
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_method_and_status() {
    let server = Server::start().await;
    let namespace = server.namespace("n").await;
    server.ask("PUT", &format!("{namespace}/values/secret-key"), "v").await.result();
    for _ in 0..2 {
        server.ask("GET", &format!("{namespace}/values/secret-key"), Body::empty()).await;
    }
    server.ask("GET", &format!("{namespace}/values/absent"), Body::empty()).await;
    server.ask("BREW", &format!("{namespace}/values/absent"), Body::empty()).await;
    server.ask("GET", "/nowhere", Body::empty()).await;

    let reply = server.metrics("/metrics").await;
    assert!(reply.header("content-type").unwrap().starts_with("application/openmetrics-text"), "{reply:?}");
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    for line in [
        r#"kv_server_requests_total{route="value",method="PUT",status="200"} 1"#,
        r#"kv_server_requests_total{route="value",method="GET",status="200"} 2"#,
        r#"kv_server_requests_total{route="value",method="GET",status="404"} 1"#,
        r#"kv_server_requests_total{route="value",method="other",status="405"} 1"#,
        r#"kv_server_requests_total{route="unknown",method="GET",status="400"} 1"#,
        r#"kv_server_request_duration_seconds_count{route="value",method="GET"} 3"#,
        "kv_server_requests_in_flight 0",
        "# TYPE kv_server_request_duration_seconds histogram",
    ] {
        assert!(text.lines().any(|given| given == line), "{line}: {text}");
    }
    assert!(!text.contains("secret-key"));
    assert_eq!(server.metrics("/").await.status, 404);
}
