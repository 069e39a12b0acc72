//! Answers that are JSON.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE},
};
use kv_core::{Error, ErrorKind};
use serde::Serialize;

/// The JSON of `answer`.
pub(crate) fn write<T: Serialize + ?Sized>(answer: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(answer).map_err(|_| {
        Error::new(ErrorKind::Other, env!("CARGO_PKG_NAME"), "an answer cannot be written as JSON")
    })
}

/// The answer that holds it.
pub(crate) fn respond(status: StatusCode, json: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(json));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
