//! Bodies that are JSON.

use axum::body::Body;

use super::failure::Failure;
use crate::{request_body::RequestBody, shared::Shared};

/// The longest body of a bulk write or delete, in bytes:
/// [100 megabytes](https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/methods/bulk_update/).
pub(super) const MAX_BULK_BYTES: usize = 100_000_000;
/// The most items of a bulk write or delete.
pub(super) const MAX_BULK_ITEMS: usize = 10_000;

/// The bytes of a body of `limit` bytes at most.
pub(super) async fn read(shared: &Shared, body: Body, limit: usize) -> Result<Vec<u8>, Failure> {
    Ok(RequestBody::new(body, limit, shared.stall_timeout)?.collect().await?)
}
