//! Responses of the REST API.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header::RETRY_AFTER},
};

use crate::{
    protocol::json_output,
    rest::{api_error::ApiError, code::Code, envelope},
    state::rate_limits::whole_seconds,
};

/// What a handler answers.
pub(super) type ApiResult = Result<Response<Body>, ApiError>;

/// The answer to a request that fails.
pub(super) fn refuse(failure: ApiError, operation: Option<&'static str>) -> Response<Body> {
    let ApiError { code, reason, pointer, error_chain, retry_after, cause } = failure;
    if let Some(error) = &cause {
        // Its key's length is all that it shows of an entry.
        tracing::warn!(operation, ?error, "the store failed");
    }
    let message = match operation {
        // The service finds that out before it knows the operation.
        Some(_) if code == Code::MalformedNamespaceId => reason,
        Some(operation) => format!("{operation}: '{reason}'").into(),
        None => reason,
    };
    let json = envelope::failure(code, &message, pointer.as_deref(), error_chain);
    let mut response = json_output::respond(code.status(), json);
    if let Some(wait) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
    }
    response
}

/// A success that has nothing to tell.
pub(super) fn done() -> ApiResult {
    Ok(json_output::respond(StatusCode::OK, envelope::success(())?))
}
