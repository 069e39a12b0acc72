//! Responses of the REST API: an envelope and a status.

use axum::{
    body::Body,
    http::{Response, StatusCode},
};
use serde::Serialize;

use crate::{
    http::retry_after,
    protocol::json_output,
    rest::{api_error::ApiError, code::Code, envelope},
};

/// Result of a handler.
pub(super) type ApiResult = Result<Response<Body>, ApiError>;

/// Returns the response to a request that succeeded with `result`.
pub(super) fn success<T: Serialize>(result: T) -> ApiResult {
    Ok(json_output::respond(StatusCode::OK, envelope::success(result)?))
}

/// Returns the response to a request that failed; `operation` is `None` if it failed before its endpoint was
/// called.
pub(super) fn error(error: ApiError, operation: Option<&'static str>) -> Response<Body> {
    let ApiError { code, reason, pointer, error_chain, retry_after, cause } = error;
    if let Some(error) = &cause {
        // Its `Debug` shows the key's length alone.
        tracing::warn!(operation, ?error, "store failed");
    }
    let message = match operation {
        // Cloudflare checks the id before it knows the operation.
        Some(_) if code == Code::MalformedNamespaceId => reason,
        Some(operation) => format!("{operation}: '{reason}'").into(),
        None => reason,
    };
    let json = envelope::error(code, &message, pointer.as_deref(), error_chain);
    let mut response = json_output::respond(code.status(), json);
    if let Some(wait) = retry_after {
        retry_after::set(response.headers_mut(), wait);
    }
    response
}
