//! Bodies that are JSON.

use axum::body::Body;

use crate::{
    http::request_body::{Collected, RequestBody},
    rest::api_error::Failure,
    state::app_state::Shared,
};

/// The longest body of a bulk write or delete, in bytes:
/// [100 megabytes](https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/methods/bulk_update/).
pub(crate) const MAX_BULK_BYTES: usize = 100_000_000;
/// The most items of a bulk write or delete.
pub(super) const MAX_BULK_ITEMS: usize = 10_000;

/// Bytes of memory that a bulk write or delete takes for each of its body: the body itself, what is parsed of it, and
/// up to two more while the longest text is unescaped.
pub(crate) const BULK_WEIGHT: usize = 4;

/// The bytes of a body of `limit` bytes at most.
pub(super) async fn read(shared: &Shared, body: Body, limit: usize) -> Result<Collected, Failure> {
    Ok(RequestBody::new(body, limit, &shared.body_rules)?.collect().await?)
}

/// The bytes of a bulk write or delete, with room for what is parsed of them.
pub(super) async fn read_bulk(shared: &Shared, body: Body) -> Result<Collected, Failure> {
    Ok(RequestBody::weighing(BULK_WEIGHT, body, MAX_BULK_BYTES, &shared.body_rules)?.collect().await?)
}
