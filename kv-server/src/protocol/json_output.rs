//! JSON in responses.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE},
};
use kv_core::{Error, ErrorKind, Metadata};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::http::{error, memory::Reservation};

/// Serializes a value.
pub(crate) fn write<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|_| error::internal("response cannot be serialized as JSON"))
}

/// Returns a response with JSON as its body.
pub(crate) fn respond(status: StatusCode, json: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(json));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Returns a response with status 200 that keeps the memory of its body reserved.
pub(crate) fn respond_reserved(json: Vec<u8>, reservation: Reservation) -> Response<Body> {
    let mut response = respond(StatusCode::OK, json);
    reservation.attach_to(&mut response);
    response
}

/// Returns stored metadata as JSON, byte for byte: numbers keep their digits, and members their order.
pub(crate) fn metadata(metadata: &Metadata) -> Result<&RawValue, Error> {
    serde_json::from_str(metadata.as_str()).map_err(|_| corrupt_metadata())
}

/// Returns the error for stored metadata that is not JSON.
pub(crate) fn corrupt_metadata() -> Error {
    error::error(ErrorKind::Corrupt, "stored metadata is not JSON")
}
