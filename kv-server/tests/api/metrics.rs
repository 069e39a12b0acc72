//! Metrics.

use axum::body::Body;

use crate::support::server::Server;

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

    let response = server.metrics("/metrics").await;
    assert!(
        response.header("content-type").unwrap().starts_with("application/openmetrics-text"),
        "{response:?}"
    );
    let text = response.text();
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
