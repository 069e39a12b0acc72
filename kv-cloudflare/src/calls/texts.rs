//! Bulk get of the wire: one request for the texts of up to 100 keys.

use kv_core::Result;
use reqwest::Method;
use serde::Serialize;

use crate::{
    api::{attempt_error::AttemptError, errors, model::BulkValues, redact::Redaction},
    calls::namespace_client::NamespaceClient,
    http::request::{Payload, Request},
    rate_limit::deadline::Deadline,
};

/// Maximum number of keys of one request, which is the service's own.
pub(crate) const MAX_KEYS: usize = 100;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Query<'a> {
    keys: Vec<&'a str>,
    r#type: &'static str,
    /// Always `true`, since the expiry comes with the metadata.
    with_metadata: bool,
}

/// Requests the texts, metadata and expiries of `keys`, at most [`MAX_KEYS`] of them. All that it returns of
/// one key was so at one moment. A response of more than `max_bytes` fails with
/// [`Reason::BodyTooLarge`](crate::api::attempt_error::Reason).
pub(crate) async fn get_texts(
    namespace: &NamespaceClient,
    operation: &'static str,
    keys: Vec<&str>,
    deadline: &Deadline,
    max_bytes: usize,
) -> Result<BulkValues, AttemptError> {
    let url = namespace.urls().map_err(AttemptError::new)?.bulk_get();
    let items = keys.len();
    let query = serde_json::to_vec(&Query { keys, r#type: "text", with_metadata: true });
    let query = query.map_err(|_| AttemptError::new(errors::not_json("keys")))?;
    let request = Request::new(operation, Method::POST, url)
        .with_body(Payload::Json(query.into()))
        .with_redaction(Redaction::Body(None))
        .for_items(items);
    let response = namespace.client.send_for_json::<BulkValues>(&request, deadline, max_bytes).await?;
    response.result.ok_or_else(|| AttemptError::new(errors::unexpected_response("a bulk get without values")))
}
