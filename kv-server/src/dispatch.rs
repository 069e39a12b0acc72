//! Entry point of requests: health checks, access, the limit on concurrent requests, and the choice of
//! protocol.

use std::sync::Arc;

use axum::{
    body::HttpBody as _,
    extract::Request,
    http::{
        HeaderMap, HeaderValue, Response, StatusCode,
        header::{CONNECTION, CONTENT_TYPE},
    },
    response::IntoResponse,
};

use crate::{
    http::{
        drain_body,
        request_head::{self, HeadError, RequestSource},
    },
    rest,
    runtime::{self, namespace::NAMESPACE},
    state::{
        app_state::AppState,
        in_flight::{InFlight, InFlightBody},
        local_access::AccessError,
    },
};

/// Path of the liveness check: 200 while the process runs.
const LIVENESS: &str = "/healthz";
/// Path of the readiness check: 200 while the store takes reads and writes.
const READINESS: &str = "/readyz";

/// Answers a request.
pub(crate) async fn handle(
    state: Arc<AppState>,
    request: Request,
    source: RequestSource,
) -> Response<InFlightBody> {
    let is_runtime = request.headers().contains_key(NAMESPACE);
    let host = request_head::host(&request, source);
    if host.is_ok() && is_health_check(&request) {
        let mut in_flight = InFlight::start(Arc::clone(&state), None, request.method());
        in_flight.set_route("health");
        let health = check_health(&state, request.uri().path()).await;
        return in_flight.respond(([(CONTENT_TYPE, "text/plain")], health).into_response());
    }
    let access = check_access(&state, host, request.headers(), is_runtime);
    let permit = state.permits.take(!request.body().is_end_stream());
    let request = drain_body::drain_on_drop(request);
    let is_refused = permit.is_none();
    let mut in_flight = InFlight::start(Arc::clone(&state), permit, request.method());
    let response = if is_refused {
        in_flight.set_route("refused");
        rest::router::too_many_requests()
    } else if let Err(error) = access {
        in_flight.set_route("refused");
        if is_runtime { runtime::router::access_error(error) } else { rest::router::access_error(error) }
    } else if is_runtime {
        in_flight.set_route("runtime");
        if let Some(key) = runtime::router::raw_key(request.method(), request.uri()) {
            in_flight.set_raw_key(key);
        }
        runtime::router::handle(&state, request).await
    } else {
        rest::router::handle(&state, request, &mut in_flight).await
    };
    if !is_refused {
        let failed = response.status() == StatusCode::SERVICE_UNAVAILABLE;
        state.readiness.check_after_request(&*state.store, failed).await;
    }
    in_flight.respond(response)
}

/// Answers a request of a connection that exceeds the maximum: 503, or a health check. The connection is
/// closed then.
pub(crate) async fn refuse(state: Arc<AppState>, request: Request) -> Response<InFlightBody> {
    let mut response = if is_health_check(&request) {
        handle(state, request, RequestSource::Connection).await
    } else {
        let request = drain_body::drain_on_drop(request);
        let mut in_flight = InFlight::start(state, None, request.method());
        in_flight.set_route("refused");
        in_flight.respond(rest::router::too_many_requests())
    };
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Checks the head of a request and, on a server without a token, the site that it comes from.
fn check_access(
    state: &AppState,
    host: Result<Option<&str>, HeadError>,
    headers: &HeaderMap,
    is_runtime: bool,
) -> Result<(), AccessError> {
    let host = host?;
    if state.credentials.are_open() {
        state.local_access.check(host, headers, is_runtime)?;
    }
    Ok(())
}

/// `true` for the two health checks. In the runtime's protocol, their paths are keys.
fn is_health_check(request: &Request) -> bool {
    !request.headers().contains_key(NAMESPACE) && matches!(request.uri().path(), LIVENESS | READINESS)
}

/// Returns the status and the text of a health check.
async fn check_health(state: &AppState, path: &str) -> (StatusCode, String) {
    if path == LIVENESS {
        return (StatusCode::OK, "ok\n".to_owned());
    }
    match state.readiness.check(&*state.store).await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
    }
}
