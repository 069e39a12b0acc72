//! `PUT /<key>`: replaces value, metadata and expiration.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, Uri, request::Parts},
    response::{IntoResponse, Response},
};
use kv_core::{Expiration, InvalidInput, PutOptions, Timestamp, Value, limits};

use crate::{
    http::{
        body_rules::BodyError,
        request_body::{Collected, RequestBody},
    },
    protocol::whole_number,
    runtime::{get::METADATA, key, namespaces::Namespace, parameter, runtime_error::RuntimeError},
};

/// Makes the body the value under the key of the path. The checks are in the service's order, the body's last.
pub(super) async fn put(
    namespace: Namespace<'_>,
    parts: &Parts,
    body: Body,
) -> Result<Response, RuntimeError> {
    let Namespace { state, handle, .. } = namespace;
    let key = key::of(&parts.uri)?;
    let expiration = expiration(&parts.uri, state.clock.now())?;
    let options = with_metadata(PutOptions::default().with_expiration(expiration), &parts.headers)?;
    let body = RequestBody::new(body, limits::MAX_VALUE_BYTES, &state.body_rules).map_err(refused)?;
    // The room is kept until the store has the value.
    let Collected { bytes: value, room: _room } = body.collect().await.map_err(refused)?;
    namespace.count_write(&key)?;
    handle.write(key, Value::new(value)?, options).await?;
    Ok(().into_response())
}

fn refused(error: BodyError) -> RuntimeError {
    RuntimeError::body(error, "Value")
}

/// The time to live if one is given; a deadline beside it is not looked at.
fn expiration(uri: &Uri, now: Timestamp) -> Result<Option<Expiration>, RuntimeError> {
    if let Some(text) = parameter::text(uri, "expiration_ttl")? {
        return time_to_live(&text).map(Some);
    }
    parameter::text(uri, "expiration")?.map(|text| deadline(&text, now)).transpose()
}

fn time_to_live(text: &str) -> Result<Expiration, RuntimeError> {
    let refused = |advice: &str| RuntimeError::parameter("expiration_ttl", text, advice);
    let seconds = whole_number::parse(text).unwrap_or_default();
    Expiration::after(Duration::from_secs(seconds)).map_err(|error| match error {
        InvalidInput::ExpirationTtlTooShort { seconds: 0 } => {
            refused("Please specify integer greater than 0.")
        }
        InvalidInput::ExpirationTtlTooShort { .. } => {
            let min = limits::MIN_EXPIRATION.as_secs();
            refused(&format!("Expiration TTL must be at least {min}."))
        }
        other => other.into(),
    })
}

fn deadline(text: &str, now: Timestamp) -> Result<Expiration, RuntimeError> {
    let refused = |advice: &str| RuntimeError::parameter("expiration", text, advice);
    // What is later than the last time that can be kept is that time, as it is with a time to live.
    let seconds = Duration::from_secs(whole_number::parse(text).unwrap_or_default());
    let deadline = Timestamp::EPOCH.saturating_add(seconds);
    Expiration::at(deadline, now).map_err(|error| match error {
        InvalidInput::ExpirationTooSoon { expiration, now } if expiration.has_passed(now) => {
            refused("Please specify integer greater than the current number of seconds since the UNIX epoch.")
        }
        InvalidInput::ExpirationTooSoon { .. } => {
            let min = limits::MIN_EXPIRATION.as_secs();
            refused(&format!("Expiration times must be at least {min} seconds in the future."))
        }
        other => other.into(),
    })
}

fn with_metadata(options: PutOptions, headers: &HeaderMap) -> Result<PutOptions, RuntimeError> {
    let Some(metadata) = headers.get(METADATA) else { return Ok(options) };
    let text = std::str::from_utf8(metadata.as_bytes()).map_err(|error| {
        let len = metadata.len();
        RuntimeError::bad_request(format!(
            "metadata is not UTF-8: byte {} of {len} does not fit",
            error.valid_up_to()
        ))
    })?;
    Ok(options.with_metadata_json(text)?)
}
