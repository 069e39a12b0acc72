//! Reads of one entry: its value, its metadata, both, or its value as a stream.

use std::time::Duration;

use futures_util::future::try_join;
use kv_core::{Entry, ErrorKind, Key, Metadata, Result, Timestamp, Value};
use reqwest::{
    Method,
    header::{HeaderMap, HeaderName},
};
use serde_json::value::RawValue;

use crate::{
    api::{
        attempt_error::{AttemptError, Reason},
        errors,
        model::{self, BulkValue},
        redact::Redaction,
    },
    calls::{namespace_client::NamespaceClient, texts},
    http::{body::value_stream::ValueStream, request::Request, response::SMALL_ENVELOPE_BYTES},
    rate_limit::deadline::Deadline,
};

/// Header with the expiry of a value, in seconds since the epoch; absent if the value does not expire.
const EXPIRATION: HeaderName = HeaderName::from_static("expiration");

/// Largest envelope with text and metadata of one key. Beyond it, the metadata alone is read.
const MAX_TEXT_ENVELOPE_BYTES: usize = 8 * 1024 * 1024;

/// Maximum number of times that a value and metadata of different writes are read before the call fails.
const MAX_READS: u32 = 5;

/// Reads the entry under `key`. With metadata, two requests are sent together: one for the exact bytes, and
/// one for text, metadata and expiry as they were at one moment. They show if value and metadata belong to
/// different writes, and then both are read again.
pub(crate) async fn read_entry(
    namespace: &NamespaceClient,
    operation: &'static str,
    key: &Key<'_>,
    metadata: bool,
    deadline: &Deadline,
) -> Result<Option<Entry>> {
    if !metadata {
        return read_value(namespace, operation, key, deadline).await;
    }
    for round in 0..MAX_READS {
        // The first repetition is immediate: by now, the other write has most likely been answered.
        let pause = Duration::from_millis(50) * round.saturating_sub(1);
        if deadline.pause(pause).await.is_err() {
            break;
        }
        let value = read_value(namespace, operation, key, deadline);
        let text = read_text(namespace, operation, key, deadline);
        let entry = match try_join(value, text).await? {
            (None, BulkValue::Absent | BulkValue::Missing) => return Ok(None),
            (None, BulkValue::Present(_)) | (Some(_), BulkValue::Absent) => continue,
            (Some(_), BulkValue::Present(text)) if text.is_exact() => return text.into_entry(true),
            (Some(entry), BulkValue::Present(text)) if text.is_text_of(&entry.value) => {
                return Ok(Some(entry.with_metadata(model::metadata(text.metadata.as_deref())?)));
            }
            // Either another write came between, or the service decodes these bytes in its own way.
            (Some(_), BulkValue::Present(_)) if round == 0 => continue,
            (Some(entry), BulkValue::Present(_) | BulkValue::Missing) => entry,
        };
        if let Some(metadata) = read_metadata(namespace, operation, key, deadline).await? {
            return Ok(Some(entry.with_metadata(metadata)));
        }
    }
    let message = "value and metadata belong to different writes after several reads: the key is being \
                   written and deleted all the time; try again later";
    Err(errors::new(ErrorKind::Unavailable, message))
}

async fn read_text(
    namespace: &NamespaceClient,
    operation: &'static str,
    key: &Key<'_>,
    deadline: &Deadline,
) -> Result<BulkValue> {
    let keys = vec![key.as_str()];
    match texts::get_texts(namespace, operation, keys, deadline, MAX_TEXT_ENVELOPE_BYTES).await {
        Ok(mut values) => Ok(values.take(key)),
        Err(failure) => match failure.error.kind() {
            // The service refuses a bulk get of this key, for example because the value is too large.
            ErrorKind::InvalidInput | ErrorKind::Other => Ok(BulkValue::Missing),
            _ => Err(failure.error),
        },
    }
}

async fn read_value(
    namespace: &NamespaceClient,
    operation: &'static str,
    key: &Key<'_>,
    deadline: &Deadline,
) -> Result<Option<Entry>> {
    let url = namespace.urls()?.value(key, "");
    let request = Request::new(operation, Method::GET, url).with_redaction(Redaction::Key(key));
    let response = namespace.client.send_for_bytes(&request, deadline).await;
    let Some(response) = unless_absent(response)? else { return Ok(None) };
    let expires_at = expires_at(&response.headers)?;
    Ok(Some(Entry::new(Value::new(response.body)?).with_expires_at(expires_at)))
}

/// Opens the value under `key` as a stream, which the caller reads.
pub(crate) async fn read_stream(
    namespace: &NamespaceClient,
    operation: &'static str,
    key: &Key<'_>,
    deadline: &Deadline,
) -> Result<Option<ValueStream>> {
    let url = namespace.urls()?.value(key, "");
    let request =
        Request::new(operation, Method::GET, url).with_redaction(Redaction::Key(key)).uncompressed();
    let response = namespace.client.send_for_stream(&request, deadline).await;
    let Some(response) = unless_absent(response)? else { return Ok(None) };
    let expires_at = expires_at(response.headers())?;
    let key = key.clone().into_owned();
    ValueStream::new(response, expires_at, namespace.client.read_timeout, key).map(Some)
}

/// Reads the metadata of the entry under `key`. The outer `None` is an absent entry, the inner one an entry
/// without metadata.
pub(crate) async fn read_metadata(
    namespace: &NamespaceClient,
    operation: &'static str,
    key: &Key<'_>,
    deadline: &Deadline,
) -> Result<Option<Option<Metadata>>> {
    let url = namespace.urls()?.metadata(key);
    let request = Request::new(operation, Method::GET, url).with_redaction(Redaction::Key(key));
    let response =
        namespace.client.send_for_json::<Box<RawValue>>(&request, deadline, SMALL_ENVELOPE_BYTES).await;
    let Some(response) = unless_absent(response)? else { return Ok(None) };
    Ok(Some(model::metadata(response.result.as_deref())?))
}

/// Returns `None` for the service's "key not found", which is no error.
fn unless_absent<T>(outcome: Result<T, AttemptError>) -> Result<Option<T>> {
    match outcome {
        Ok(response) => Ok(Some(response)),
        Err(failure) if failure.reason == Reason::KeyNotFound => Ok(None),
        Err(failure) => Err(failure.error),
    }
}

fn expires_at(headers: &HeaderMap) -> Result<Option<Timestamp>> {
    let Some(header) = headers.get(EXPIRATION) else { return Ok(None) };
    let seconds = header.to_str().ok().and_then(|text| text.trim().parse().ok());
    let seconds = seconds.ok_or_else(|| {
        errors::unexpected_response("the header `expiration` is not a whole number of seconds")
    })?;
    model::expires_at(Some(seconds))
}
