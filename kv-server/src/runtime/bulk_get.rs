//! Bulk gets: `POST /bulk/get`, up to 100 values in one JSON object.

use std::borrow::Cow;

use axum::{body::Body, response::Response};
use kv_core::Key;
use serde::Deserialize;

use crate::{
    http::{
        body_rules::{BodyError, MAX_SMALL_BYTES},
        request_body::RequestBody,
    },
    protocol::{
        bulk_json::{self, BulkFormat},
        bulk_values::{self, BulkValues, MAX_KEYS, ValueType},
        json_input::{AtMost, FromObject, Text},
    },
    runtime::{extract, namespace::TargetNamespace, runtime_error::RuntimeError},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BulkGetRequest<'a> {
    #[serde(borrow)]
    keys: AtMost<Text<'a>, MAX_KEYS>,
    #[serde(borrow, rename = "type")]
    value_type: Option<Cow<'a, str>>,
    #[serde(default)]
    with_metadata: bool,
    cache_ttl: Option<CacheTtl>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CacheTtl {
    /// The form that the runtime sends.
    Text(String),
    Number(serde_json::Number),
}

/// Returns the values of the keys in the body.
pub(super) async fn bulk_get(namespace: TargetNamespace<'_>, body: Body) -> Result<Response, RuntimeError> {
    let TargetNamespace { state, handle, .. } = namespace;
    let body = RequestBody::new(body, MAX_SMALL_BYTES, &state.body_rules).map_err(body_error)?;
    let body = body.collect().await.map_err(body_error)?;
    let FromObject(request) =
        serde_json::from_slice::<FromObject<BulkGetRequest<'_>>>(&body).map_err(|error| {
            let line = error.line();
            let column = error.column();
            RuntimeError::bad_request(format!("Request body is malformed at line {line}, column {column}"))
        })?;
    let value_type = ValueType::parse(request.value_type.as_deref())?;
    let format = BulkFormat { value_type, with_metadata: request.with_metadata, with_expiration: false };
    let keys = keys(request)?;
    drop(body);
    let (values, reservation) = BulkValues::read(state.memory(), handle, keys, format.with_metadata).await?;
    Ok(bulk_json::respond(Vec::new(), values, Vec::new(), format, reservation).await?)
}

fn body_error(error: BodyError) -> RuntimeError {
    RuntimeError::body(error, "Request")
}

/// Returns the keys. The cache TTL is checked after each key, as Cloudflare does.
fn keys(
    BulkGetRequest { keys, cache_ttl, .. }: BulkGetRequest<'_>,
) -> Result<Vec<Key<'static>>, RuntimeError> {
    bulk_values::check_count(keys.given)?;
    let checked = keys.items.into_iter().map(|Text(key)| {
        let key = Key::new(key)?;
        match &cache_ttl {
            Some(CacheTtl::Text(text)) => extract::check_cache_ttl(text)?,
            Some(CacheTtl::Number(number)) => extract::check_cache_ttl(&number.to_string())?,
            None => {}
        }
        Ok(key.into_owned())
    });
    checked.collect()
}
