//! Dispatch of requests to the two protocols.

use std::sync::Arc;

use axum::{
    body::HttpBody as _,
    extract::Request,
    http::{
        HeaderValue, Response, StatusCode,
        header::{CONNECTION, CONTENT_TYPE},
    },
    response::IntoResponse,
};

use crate::{
    http::{
        drain_body,
        request_head::{self, Source},
    },
    rest,
    runtime::{self, namespaces::NAMESPACE},
    state::{
        app_state::AppState,
        in_flight::{InFlight, InFlightBody},
        precheck,
    },
};

/// Path that tells that the process runs.
const HEALTH: &str = "/healthz";
/// Path that tells if the store takes reads and writes.
const READINESS: &str = "/readyz";

/// Answers a request.
pub(crate) async fn answer(state: Arc<AppState>, request: Request, source: Source) -> Response<InFlightBody> {
    let is_runtime = request.headers().contains_key(NAMESPACE);
    let host = request_head::host(&request, source);
    if host.is_ok() && is_about_health(&request) {
        let mut in_flight = InFlight::start(Arc::clone(&state), None, request.method());
        in_flight.set_route("health");
        let answer = health(&state, request.uri().path()).await;
        return in_flight.answer(([(CONTENT_TYPE, "text/plain")], answer).into_response());
    }
    let admitted = precheck::check(&state, host, request.headers(), is_runtime);
    let permit = state.permits.take(!request.body().is_end_stream());
    let request = drain_body::drain_on_drop(request);
    let is_refused = permit.is_none();
    let mut in_flight = InFlight::start(Arc::clone(&state), permit, request.method());
    let response = if is_refused {
        in_flight.set_route("refused");
        rest::router::busy()
    } else if let Err(error) = admitted {
        in_flight.set_route("refused");
        if is_runtime { runtime::router::refuse(error) } else { rest::router::refuse_early(error) }
    } else if is_runtime {
        in_flight.set_route("runtime");
        if let Some(key) = runtime::router::raw_key(request.method(), request.uri()) {
            in_flight.set_raw_key(key);
        }
        runtime::router::handle(Arc::clone(&state), request).await
    } else {
        rest::router::answer(&state, request, &mut in_flight).await
    };
    if !is_refused {
        let failed = response.status() == StatusCode::SERVICE_UNAVAILABLE;
        state.readiness.ask_after_request(&*state.store, failed).await;
    }
    in_flight.answer(response)
}

/// Answers a request of a connection that is one too many: that there is no room, or how the server is.
pub(crate) async fn answer_refused(state: Arc<AppState>, request: Request) -> Response<InFlightBody> {
    let mut response = if is_about_health(&request) {
        answer(state, request, Source::Connection).await
    } else {
        let request = drain_body::drain_on_drop(request);
        let mut in_flight = InFlight::start(state, None, request.method());
        in_flight.set_route("refused");
        in_flight.answer(rest::router::busy())
    };
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn is_about_health(request: &Request) -> bool {
    !request.headers().contains_key(NAMESPACE) && matches!(request.uri().path(), HEALTH | READINESS)
}

/// The status and the text about the process, or about the store.
async fn health(state: &AppState, path: &str) -> (StatusCode, String) {
    if path == HEALTH {
        return (StatusCode::OK, "ok\n".to_owned());
    }
    match state.readiness.ask(&*state.store).await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
    }
}
