//! The protocol that the Workers runtime speaks with the KV service: what a `kvNamespace` binding in workerd sends when
//! its service is this server.
//!
//! It carries no namespace and no token, so the runtime's configuration injects both as headers: `X-KV-Namespace`, an id
//! or a title, and `Authorization`. A refusal is a status with a reason phrase, which the Worker gets to see as the
//! message of an exception; the phrases are the service's own.

use std::sync::Arc;

use crate::{
    runtime::{
        bulk_get, delete, get, list,
        namespaces::{self, Namespace},
        put,
        runtime_error::RuntimeError,
    },
    state::{app_state::AppState, precheck::PrecheckError},
};
use axum::{
    extract::Request,
    http::{Method, StatusCode, Uri},
    response::Response,
};

/// The key that a request is about, as it was sent; `None` for a listing or a bulk get.
pub(crate) fn raw_key<'a>(method: &Method, uri: &'a Uri) -> Option<&'a str> {
    let key = uri.path().strip_prefix('/').filter(|key| !key.is_empty());
    key.filter(|_| *method != Method::POST)
}

/// Answers a request.
pub(crate) async fn handle(state: Arc<AppState>, request: Request) -> Response {
    answer(&state, request).await.unwrap_or_else(RuntimeError::into_response)
}

/// The answer to a request that is refused before it is known what it asks for.
pub(crate) fn refuse(error: PrecheckError) -> Response {
    let status = match error {
        PrecheckError::Head(_) => StatusCode::BAD_REQUEST,
        PrecheckError::Foreign(_) => StatusCode::FORBIDDEN,
    };
    RuntimeError::new(status, error.to_string()).into_response()
}

async fn answer(state: &AppState, request: Request) -> Result<Response, RuntimeError> {
    let (parts, body) = request.into_parts();
    if !state.credentials.allow_bearer(&parts.headers) {
        return Err(RuntimeError::status(StatusCode::UNAUTHORIZED));
    }
    let id = namespaces::find(state, &parts.headers).await?;
    let namespace = Namespace { state, id: &id, handle: &*state.store.namespace(&id) };
    match (&parts.method, parts.uri.path()) {
        (&Method::GET, "/") => list::list(namespace, &parts.uri).await,
        (&Method::GET, _) => get::get(namespace, &parts.uri).await,
        (&Method::PUT, _) => put::put(namespace, &parts, body).await,
        (&Method::DELETE, _) => delete::delete(namespace, &parts.uri).await,
        (&Method::POST, "/bulk/get") => bulk_get::bulk_get(namespace, body).await,
        _ => Err(RuntimeError::status(StatusCode::METHOD_NOT_ALLOWED)),
    }
}
