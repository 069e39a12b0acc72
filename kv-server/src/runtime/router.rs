//! Router of the Workers runtime's protocol: the requests that a `kvNamespace` binding in workerd sends to
//! its service.
//!
//! They carry neither namespace nor token, so workerd's configuration injects both as headers:
//! `X-KV-Namespace`, an id or a title, and `Authorization`. An error is a status and a reason phrase, which
//! becomes the message of the Worker's exception; the phrases are Cloudflare's own.

use axum::{
    extract::Request,
    http::{Method, StatusCode, Uri},
    response::Response,
};

use crate::{
    runtime::{bulk_get, list, namespace::TargetNamespace, runtime_error::RuntimeError, values},
    state::{app_state::AppState, local_access::AccessError},
};

/// Returns the key of a request, as sent; `None` for a listing or a bulk get.
pub(crate) fn raw_key<'a>(method: &Method, uri: &'a Uri) -> Option<&'a str> {
    let key = uri.path().strip_prefix('/').filter(|key| !key.is_empty());
    key.filter(|_| *method != Method::POST)
}

/// Answers a request.
pub(crate) async fn handle(state: &AppState, request: Request) -> Response {
    call(state, request).await.unwrap_or_else(RuntimeError::into_response)
}

/// Returns the response to a request that is refused before its protocol sees it.
pub(crate) fn access_error(error: AccessError) -> Response {
    RuntimeError::from(error).into_response()
}

async fn call(state: &AppState, request: Request) -> Result<Response, RuntimeError> {
    let (parts, body) = request.into_parts();
    if !state.credentials.allow_bearer(&parts.headers) {
        return Err(RuntimeError::status(StatusCode::UNAUTHORIZED));
    }
    let id = TargetNamespace::find(state, &parts.headers).await?;
    let namespace = TargetNamespace { state, id: &id, handle: &*state.store.namespace(&id) };
    match (&parts.method, parts.uri.path()) {
        (&Method::GET, "/") => list::list(namespace, &parts.uri).await,
        (&Method::GET, _) => values::get(namespace, &parts.uri).await,
        (&Method::PUT, _) => values::put(namespace, &parts, body).await,
        (&Method::DELETE, _) => values::delete(namespace, &parts.uri).await,
        (&Method::POST, "/bulk/get") => bulk_get::bulk_get(namespace, body).await,
        _ => Err(RuntimeError::status(StatusCode::METHOD_NOT_ALLOWED)),
    }
}
