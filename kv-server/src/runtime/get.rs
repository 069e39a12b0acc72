//! `GET /<key>`: the value, with its metadata and deadline in headers.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, Uri, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use kv_core::{Error, ErrorKind, GetOptions, Metadata, limits};

use crate::runtime::{cache_ttl, key, namespaces::Namespace, parameter, runtime_error::RuntimeError};

/// JSON text in the raw bytes of its UTF-8, in requests and answers.
pub(super) const METADATA: HeaderName = HeaderName::from_static("cf-kv-metadata");

const EXPIRATION: HeaderName = HeaderName::from_static("cf-expiration");

/// The entry under the key of the path.
pub(super) async fn get(namespace: Namespace<'_>, uri: &Uri) -> Result<Response, RuntimeError> {
    let key = key::of(uri)?;
    if let Some(text) = parameter::text(uri, "cache_ttl")? {
        cache_ttl::check(&text)?;
    }
    // The request does not say whether the Worker wants the metadata.
    let options = GetOptions::default().with_metadata(true);
    let read = || async {
        let entry = namespace.handle.read(key.as_borrowed(), options).await?;
        let entry = entry.ok_or_else(|| RuntimeError::status(StatusCode::NOT_FOUND))?;
        let len = entry.value.len();
        Ok::<_, RuntimeError>((entry, len))
    };
    let (entry, room) = namespace.state.memory().reading(limits::MAX_VALUE_BYTES, read).await?;
    let mut response = entry.value.into_bytes().into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    if let Some(metadata) = entry.metadata {
        headers.insert(METADATA, header_value(&metadata)?);
    }
    if let Some(expires_at) = entry.expires_at {
        headers.insert(EXPIRATION, HeaderValue::from(expires_at.as_secs()));
    }
    room.attach_to(&mut response);
    Ok(response)
}

/// The JSON text in the raw bytes of its UTF-8. Of what compact JSON can hold, only DELETE cannot stand in a header.
fn header_value(metadata: &Metadata) -> Result<HeaderValue, RuntimeError> {
    let text = metadata.as_str();
    let value = if text.contains('\u{7f}') {
        HeaderValue::try_from(text.replace('\u{7f}', "\\u007f"))
    } else {
        HeaderValue::try_from(text)
    };
    value.map_err(|_| {
        Error::new(ErrorKind::Corrupt, env!("CARGO_PKG_NAME"), "the stored metadata is not JSON").into()
    })
}
