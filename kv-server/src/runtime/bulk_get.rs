//! `POST /bulk/get`: up to 100 values in one JSON object.

use std::borrow::Cow;

use axum::{body::Body, http::StatusCode, response::Response};
use kv_core::Key;
use serde::Deserialize;

use crate::{
    http::{
        body_rules::{BodyError, MAX_SMALL_BYTES},
        request_body::RequestBody,
    },
    protocol::{
        bulk_json::{self, BulkFormat},
        bulk_values::{self, BulkGetError, BulkValues, MAX_KEYS, ValueType},
        json_input::{AtMost, FromObject, Text},
    },
    runtime::{cache_ttl, namespaces::Namespace, runtime_error::RuntimeError},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted<'a> {
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
    /// As the runtime sends it.
    Text(String),
    Number(serde_json::Number),
}

/// The values of the keys that the body names.
pub(super) async fn bulk_get(namespace: Namespace<'_>, body: Body) -> Result<Response, RuntimeError> {
    let Namespace { state, handle, .. } = namespace;
    let body = RequestBody::new(body, MAX_SMALL_BYTES, &state.body_rules).map_err(refused)?;
    let body = body.collect().await.map_err(refused)?;
    let FromObject(wanted) = serde_json::from_slice::<FromObject<Wanted<'_>>>(&body).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        RuntimeError::bad_request(format!("The request body is not JSON of a bulk get, at {place}"))
    })?;
    let value_type = ValueType::parse(wanted.value_type.as_deref())?;
    let shape = BulkFormat { value_type, with_metadata: wanted.with_metadata, with_expiration: false };
    let keys = keys(wanted)?;
    drop(body);
    let (values, room) = BulkValues::read(state.memory(), handle, keys, shape.with_metadata).await?;
    Ok(bulk_json::respond(Vec::new(), values, Vec::new(), shape, room).await?)
}

fn refused(error: BodyError) -> RuntimeError {
    RuntimeError::body(error, "Request")
}

/// The keys, each checked with the time to live.
fn keys(Wanted { keys, cache_ttl, .. }: Wanted<'_>) -> Result<Vec<Key<'static>>, RuntimeError> {
    bulk_values::check_count(keys.given)?;
    let checked = keys.items.into_iter().map(|Text(name)| {
        let key = Key::new(name)?;
        match &cache_ttl {
            Some(CacheTtl::Text(text)) => cache_ttl::check(text)?,
            Some(CacheTtl::Number(number)) => cache_ttl::check(&number.to_string())?,
            None => {}
        }
        Ok(key.into_owned())
    });
    checked.collect()
}

impl From<BulkGetError> for RuntimeError {
    fn from(error: BulkGetError) -> Self {
        match error {
            BulkGetError::Store(error) => error.into(),
            BulkGetError::NoMemoryError(error) => error.into(),
            BulkGetError::TooLong => Self::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
            other => Self::bad_request(other.to_string()),
        }
    }
}
