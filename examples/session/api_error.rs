//! Errors of the service as HTTP responses.

use std::time::Duration;

use axum::{
    Json,
    extract::rejection::JsonRejection,
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use kv_core::ErrorKind;
use serde_json::json;

/// An error response.
#[derive(Debug)]
pub(crate) enum ApiError {
    NotLoggedIn,
    Body(JsonRejection),
    Store(kv_core::Error),
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        Self::Body(rejection)
    }
}

impl From<kv_core::Error> for ApiError {
    fn from(error: kv_core::Error) -> Self {
        Self::Store(error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self {
            Self::NotLoggedIn => answer(StatusCode::UNAUTHORIZED, "you are not logged in: POST /login first"),
            Self::Body(rejection) => {
                let status = match rejection {
                    // JSON of another shape: axum answers 422, but for clients it is a bad request like
                    // others.
                    JsonRejection::JsonDataError(_) => StatusCode::BAD_REQUEST,
                    _ => rejection.status(),
                };
                answer(status, &rejection.body_text())
            }
            Self::Store(error) => store_error(&error),
        }
    }
}

/// Returns the response for an error of the store; the error's kind decides the status.
fn store_error(error: &kv_core::Error) -> Response {
    if error.kind() == ErrorKind::InvalidInput {
        return answer(StatusCode::BAD_REQUEST, &error.to_string());
    }
    eprintln!("{}", log_line(error));
    if error.is_retryable() {
        let wait = error.retry_after().map_or(1, whole_seconds);
        let unavailable = answer(StatusCode::SERVICE_UNAVAILABLE, "the service is busy: try again later");
        return ([(RETRY_AFTER, wait.to_string())], unavailable).into_response();
    }
    answer(StatusCode::INTERNAL_SERVER_ERROR, "the service failed; its log says why")
}

/// Rounds up to the whole seconds of `Retry-After`, so that no client retries too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// Describes an error without its key, which holds a session's id.
fn log_line(error: &kv_core::Error) -> String {
    let backend = error.backend();
    let operation = error.operation().unwrap_or("an operation");
    format!("{backend}: {operation} failed ({}): {error}", error.kind())
}

fn answer(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}

#[cfg(test)]
mod tests {
    use kv_core::{Error, InvalidInput, Key};

    use super::*;

    fn status_and_wait(error: Error) -> (u16, Option<String>) {
        let response = ApiError::from(error).into_response();
        let wait = response.headers().get(RETRY_AFTER);
        let wait = wait.map(|wait| wait.to_str().unwrap().to_owned());
        (response.status().as_u16(), wait)
    }

    #[test]
    fn the_kind_decides_the_status() {
        let error = |kind| Error::new(kind, "test", "a message");
        assert_eq!(status_and_wait(InvalidInput::KeyEmpty.into()), (400, None));
        let unavailable = error(ErrorKind::Unavailable);
        assert_eq!(status_and_wait(unavailable), (503, Some("1".into())));
        let limited = error(ErrorKind::RateLimited).with_retry_after(Duration::from_millis(29_001));
        assert_eq!(status_and_wait(limited), (503, Some("30".into())));
        for kind in [ErrorKind::Closed, ErrorKind::Codec, ErrorKind::Corrupt, ErrorKind::Other] {
            assert_eq!(status_and_wait(error(kind)), (500, None), "{kind}");
        }
    }

    #[test]
    fn the_log_names_no_key() {
        let error = Error::new(ErrorKind::Other, "test", "the disk is gone")
            .with_operation("read")
            .with_key(&Key::from_static("session:secret"));
        assert_eq!(log_line(&error), "test: read failed (other): the disk is gone");
    }
}
