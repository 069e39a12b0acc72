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
        runtime_error::Refusal,
    },
    state::{app_state::Shared, precheck::AdmissionError},
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
pub(crate) async fn handle(shared: Arc<Shared>, request: Request) -> Response {
    answer(&shared, request).await.unwrap_or_else(Refusal::into_response)
}

/// The answer to a request that is refused before it is known what it asks for.
pub(crate) fn refuse(error: AdmissionError) -> Response {
    let status = match error {
        AdmissionError::Head(_) => StatusCode::BAD_REQUEST,
        AdmissionError::Foreign(_) => StatusCode::FORBIDDEN,
    };
    Refusal::new(status, error.to_string()).into_response()
}

async fn answer(shared: &Shared, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    if !shared.credentials.allow_bearer(&parts.headers) {
        return Err(Refusal::status(StatusCode::UNAUTHORIZED));
    }
    let id = namespaces::find(shared, &parts.headers).await?;
    let namespace = Namespace { shared, id: &id, handle: &*shared.store.namespace(&id) };
    match (&parts.method, parts.uri.path()) {
        (&Method::GET, "/") => list::list(namespace, &parts.uri).await,
        (&Method::GET, _) => get::get(namespace, &parts.uri).await,
        (&Method::PUT, _) => put::put(namespace, &parts, body).await,
        (&Method::DELETE, _) => delete::delete(namespace, &parts.uri).await,
        (&Method::POST, "/bulk/get") => bulk_get::bulk_get(namespace, body).await,
        _ => Err(Refusal::status(StatusCode::METHOD_NOT_ALLOWED)),
    }
}
