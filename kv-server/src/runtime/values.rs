//! Requests for single values: `GET`, `PUT` and `DELETE` of `/<key>`.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
};
use kv_core::{Expiration, GetOptions, InvalidInput, Metadata, PutOptions, Timestamp, Value, limits};

use crate::{
    http::{
        body_rules::BodyError,
        request_body::{Collected, RequestBody},
    },
    protocol::{json_output, whole_number},
    runtime::{extract, namespace::TargetNamespace, runtime_error::RuntimeError},
};

/// Metadata of a value: JSON in the raw bytes of its UTF-8, in requests and in responses.
const METADATA: HeaderName = HeaderName::from_static("cf-kv-metadata");
/// Expiration of a value in a response, in seconds since the epoch.
const EXPIRATION: HeaderName = HeaderName::from_static("cf-expiration");

/// Returns a value, with its metadata and its expiration in headers.
pub(super) async fn get(namespace: TargetNamespace<'_>, uri: &Uri) -> Result<Response, RuntimeError> {
    let key = extract::key(uri)?;
    if let Some(text) = extract::parameter(uri, "cache_ttl")? {
        extract::check_cache_ttl(&text)?;
    }
    // The request does not say whether the Worker wants the metadata.
    let options = GetOptions::default().with_metadata(true);
    let read = || async {
        let entry = namespace.handle.read(key.as_borrowed(), options).await?;
        let entry = entry.ok_or_else(|| RuntimeError::status(StatusCode::NOT_FOUND))?;
        let len = entry.value.len();
        Ok::<_, RuntimeError>((entry, len))
    };
    let (entry, reservation) =
        namespace.state.memory().with_reservation(limits::MAX_VALUE_BYTES, read).await?;
    let mut response = entry.value.into_bytes().into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    if let Some(metadata) = entry.metadata {
        headers.insert(METADATA, header_value(&metadata)?);
    }
    if let Some(expires_at) = entry.expires_at {
        headers.insert(EXPIRATION, HeaderValue::from(expires_at.as_secs()));
    }
    reservation.attach_to(&mut response);
    Ok(response)
}

/// Replaces a value, its metadata and its expiration. The checks are in Cloudflare's order, that of the body
/// last.
pub(super) async fn put(
    namespace: TargetNamespace<'_>,
    parts: &Parts,
    body: Body,
) -> Result<Response, RuntimeError> {
    let TargetNamespace { state, handle, .. } = namespace;
    let key = extract::key(&parts.uri)?;
    let expiration = expiration(&parts.uri, state.clock.now())?;
    let options = with_metadata(PutOptions::default().with_expiration(expiration), &parts.headers)?;
    let body = RequestBody::new(body, limits::MAX_VALUE_BYTES, &state.body_rules).map_err(body_error)?;
    // The memory stays reserved until the store has the value.
    let Collected { bytes: value, reservation: _reservation } = body.collect().await.map_err(body_error)?;
    namespace.count_write(&key)?;
    handle.write(key, Value::new(value)?, options).await?;
    Ok(().into_response())
}

/// Deletes a value; succeeds if the key is absent.
pub(super) async fn delete(namespace: TargetNamespace<'_>, uri: &Uri) -> Result<Response, RuntimeError> {
    let key = extract::key(uri)?;
    namespace.count_write(&key)?;
    namespace.handle.remove(key).await?;
    Ok(().into_response())
}

/// Returns metadata as a header value. DELETE is the one character of compact JSON that a header cannot hold.
fn header_value(metadata: &Metadata) -> Result<HeaderValue, RuntimeError> {
    let text = metadata.as_str();
    let value = if text.contains('\u{7f}') {
        HeaderValue::try_from(text.replace('\u{7f}', "\\u007f"))
    } else {
        HeaderValue::try_from(text)
    };
    value.map_err(|_| json_output::corrupt_metadata().into())
}

fn with_metadata(options: PutOptions, headers: &HeaderMap) -> Result<PutOptions, RuntimeError> {
    let Some(metadata) = headers.get(METADATA) else { return Ok(options) };
    let text = std::str::from_utf8(metadata.as_bytes())
        .map_err(|_| RuntimeError::bad_request("metadata is not UTF-8"))?;
    Ok(options.with_metadata_json(text)?)
}

fn body_error(error: BodyError) -> RuntimeError {
    RuntimeError::body(error, "Value")
}

/// Reads the expiration: the TTL if there is one; an absolute time beside it is not even checked.
fn expiration(uri: &Uri, now: Timestamp) -> Result<Option<Expiration>, RuntimeError> {
    if let Some(text) = extract::parameter(uri, "expiration_ttl")? {
        return ttl(&text).map(Some);
    }
    extract::parameter(uri, "expiration")?.map(|text| expires_at(&text, now)).transpose()
}

fn ttl(text: &str) -> Result<Expiration, RuntimeError> {
    let invalid = |advice: &str| RuntimeError::parameter("expiration_ttl", text, advice);
    let seconds = whole_number::parse(text).unwrap_or_default();
    Expiration::after(Duration::from_secs(seconds)).map_err(|error| match error {
        InvalidInput::ExpirationTtlTooShort { seconds: 0 } => {
            invalid("Please specify integer greater than 0.")
        }
        InvalidInput::ExpirationTtlTooShort { .. } => {
            let min = limits::MIN_EXPIRATION.as_secs();
            invalid(&format!("Expiration TTL must be at least {min}."))
        }
        other => other.into(),
    })
}

fn expires_at(text: &str, now: Timestamp) -> Result<Expiration, RuntimeError> {
    let invalid = |advice: &str| RuntimeError::parameter("expiration", text, advice);
    // A time after the last `Timestamp` becomes the last one, as with a TTL.
    let seconds = Duration::from_secs(whole_number::parse(text).unwrap_or_default());
    let expires_at = Timestamp::EPOCH.saturating_add(seconds);
    Expiration::at(expires_at, now).map_err(|error| match error {
        InvalidInput::ExpirationTooSoon { expiration, now } if expiration.has_passed(now) => {
            invalid("Please specify integer greater than the current number of seconds since the UNIX epoch.")
        }
        InvalidInput::ExpirationTooSoon { .. } => {
            let min = limits::MIN_EXPIRATION.as_secs();
            invalid(&format!("Expiration times must be at least {min} seconds in the future."))
        }
        other => other.into(),
    })
}
