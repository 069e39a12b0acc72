//! Endpoints of single values, and of their metadata.

use axum::{
    body::Body,
    http::{
        HeaderName, HeaderValue, Response,
        header::{CONTENT_TYPE, HeaderMap},
        request::Parts,
    },
};
use kv_core::{GetOptions, PutOptions, Value, limits};

use crate::{
    http::request_body::{Collected, RequestBody},
    protocol::{json_output, query::Query},
    rest::{
        api_error::ApiError,
        code::Code,
        expiration, extract, multipart,
        response::{self, ApiResult},
    },
    state::app_state::AppState,
};

/// Expiration of a value, in seconds since the epoch.
const EXPIRATION: HeaderName = HeaderName::from_static("expiration");

/// Returns the bytes of a value.
pub(super) async fn get(state: &AppState, id: &str, raw_key: &str) -> ApiResult {
    let id = extract::namespace_id(id)?;
    let key = extract::key(raw_key)?;
    let namespace = state.store.namespace(&id);
    let read = || async {
        let entry = namespace.read(key.as_borrowed(), GetOptions::default()).await?;
        let entry = entry.ok_or_else(key_not_found)?;
        let len = entry.value.len();
        Ok::<_, ApiError>((entry, len))
    };
    let (entry, reservation) = state.memory().with_reservation(limits::MAX_VALUE_BYTES, read).await?;
    let mut response = Response::new(Body::from(entry.value.into_bytes()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    if let Some(expires_at) = entry.expires_at {
        headers.insert(EXPIRATION, HeaderValue::from(expires_at.as_secs()));
    }
    reservation.attach_to(&mut response);
    Ok(response)
}

/// Returns the metadata of a value; `null` if it has none.
pub(super) async fn get_metadata(state: &AppState, id: &str, raw_key: &str) -> ApiResult {
    let id = extract::namespace_id(id)?;
    let key = extract::key(raw_key)?;
    let options = GetOptions::default().with_metadata(true);
    let namespace = state.store.namespace(&id);
    // The value is read too, and dropped at once.
    let read = || async {
        let entry = namespace.read(key.as_borrowed(), options).await?.ok_or_else(key_not_found)?;
        Ok::<_, ApiError>((entry.metadata, 0))
    };
    let (metadata, _) = state.memory().with_reservation(limits::MAX_VALUE_BYTES, read).await?;
    response::success(metadata.as_ref().map(json_output::metadata).transpose()?)
}

/// Replaces a value, its metadata and its expiration.
pub(super) async fn put(state: &AppState, id: &str, raw_key: &str, parts: &Parts, body: Body) -> ApiResult {
    let id = extract::namespace_id(id)?;
    let key = extract::key(raw_key)?;
    let expiration = expiration::from_query(Query::from_uri(&parts.uri), state.clock.now())?;
    let options = PutOptions::default().with_expiration(expiration);
    // The memory stays reserved until the store has the value.
    let (value, options, _reservation) = if let Some(content_type) = multipart_type(&parts.headers) {
        // Boxed, since it would make the future of every request larger.
        Box::pin(multipart::read(state, content_type, body, options)).await?
    } else {
        let body = RequestBody::new(body, limits::MAX_VALUE_BYTES, &state.body_rules)?;
        let Collected { bytes, reservation } = body.collect().await?;
        (Value::new(bytes)?, options, reservation)
    };
    if let Some(limits) = &state.rate_limits {
        limits.write(id.as_str(), key.as_str()).map_err(ApiError::rate_limited)?;
    }
    state.store.namespace(&id).write(key, value, options).await?;
    response::success(())
}

/// Deletes a value; succeeds if the key is absent.
pub(super) async fn delete(state: &AppState, id: &str, raw_key: &str) -> ApiResult {
    let id = extract::namespace_id(id)?;
    let key = extract::key(raw_key)?;
    if let Some(limits) = &state.rate_limits {
        limits.write(id.as_str(), key.as_str()).map_err(ApiError::rate_limited)?;
    }
    state.store.namespace(&id).remove(key).await?;
    response::success(())
}

fn key_not_found() -> ApiError {
    ApiError::new(Code::KeyNotFound, "key not found")
}

/// Returns the content type if it is that of a form.
fn multipart_type(headers: &HeaderMap) -> Option<&HeaderValue> {
    let content_type = headers.get(CONTENT_TYPE)?;
    let media_type = content_type.as_bytes().split(|byte| *byte == b';').next()?;
    media_type.trim_ascii().eq_ignore_ascii_case(b"multipart/form-data").then_some(content_type)
}
