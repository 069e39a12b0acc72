//! Reads one entry.

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
    http::{body::value_stream::ValueStream, request::Request, response::SMALL_ENVELOPE_BYTES},
    namespace::CloudflareNamespace,
    rate_limit::deadline::Deadline,
};

/// When a value expires, in seconds since the epoch; absent if it does not.
const EXPIRATION: HeaderName = HeaderName::from_static("expiration");

/// The largest envelope with value and metadata of one key that is worth reading a value twice for.
const MAX_TEXT_ENVELOPE_BYTES: usize = 8 * 1024 * 1024;

/// How often a torn pair is read before the call gives up.
const MAX_READS: u32 = 5;

impl CloudflareNamespace {
    /// The entry under `key`. With metadata it is read by two requests, together: one for the exact bytes, and one that finds
    /// text, metadata and deadline at one moment. So value and metadata that belong to different writes show, and are read
    /// again.
    pub(crate) async fn read_entry(
        &self,
        operation: &'static str,
        key: &Key<'_>,
        metadata: bool,
        deadline: &Deadline,
    ) -> Result<Option<Entry>> {
        if !metadata {
            return self.read_value(operation, key, deadline).await;
        }
        for round in 0..MAX_READS {
            // The first time again is at once: the other write has been answered by now, most likely.
            let pause = Duration::from_millis(50) * round.saturating_sub(1);
            if deadline.pause(pause).await.is_err() {
                break;
            }
            let value = self.read_value(operation, key, deadline);
            let entry = match try_join(value, self.read_whole(operation, key, deadline)).await? {
                (None, BulkValue::Absent | BulkValue::Missing) => return Ok(None),
                (None, BulkValue::Present(_)) | (Some(_), BulkValue::Absent) => continue,
                (Some(_), BulkValue::Present(whole)) if whole.is_exact() => return whole.into_entry(true),
                (Some(entry), BulkValue::Present(whole)) if whole.is_text_of(&entry.value) => {
                    return Ok(Some(entry.with_metadata(model::metadata(whole.metadata.as_deref())?)));
                }
                // Another write came between, or the service makes another text of the bytes.
                (Some(_), BulkValue::Present(_)) if round == 0 => continue,
                (Some(entry), BulkValue::Present(_) | BulkValue::Missing) => entry,
            };
            if let Some(metadata) = self.read_metadata(operation, key, deadline).await? {
                return Ok(Some(entry.with_metadata(metadata)));
            }
        }
        let message = "value and metadata did not agree on whether the entry is there, however often they were read: it is \
                       being written and deleted all the time";
        Err(errors::new(ErrorKind::Unavailable, message))
    }

    async fn read_whole(
        &self,
        operation: &'static str,
        key: &Key<'_>,
        deadline: &Deadline,
    ) -> Result<BulkValue> {
        match self.bulk_get(operation, vec![key.as_str()], deadline, MAX_TEXT_ENVELOPE_BYTES).await {
            Ok(mut found) => Ok(found.take(key)),
            Err(failure) => match failure.error.kind() {
                // The service gives no bulk get of it: the value is too large, say.
                ErrorKind::InvalidInput | ErrorKind::Other => Ok(BulkValue::Missing),
                _ => Err(failure.error),
            },
        }
    }

    async fn read_value(
        &self,
        operation: &'static str,
        key: &Key<'_>,
        deadline: &Deadline,
    ) -> Result<Option<Entry>> {
        let url = self.address()?.value(key, "");
        let request = Request::new(operation, Method::GET, url).with_redaction(Redaction::Key(key));
        let Some(answer) = found(self.client().send_for_bytes(&request, deadline).await)? else {
            return Ok(None);
        };
        let expires_at = expiration(&answer.headers)?;
        Ok(Some(Entry::new(Value::new(answer.body)?).with_expires_at(expires_at)))
    }

    /// The value under `key`, to be read by the caller.
    pub(crate) async fn read_stream(
        &self,
        operation: &'static str,
        key: &Key<'_>,
        deadline: &Deadline,
    ) -> Result<Option<ValueStream>> {
        let url = self.address()?.value(key, "");
        let request = Request::new(operation, Method::GET, url).with_redaction(Redaction::Key(key));
        let answer = self.client().send_for_stream(&request.for_uncompressed(), deadline).await;
        let Some(response) = found(answer)? else { return Ok(None) };
        let expires_at = expiration(response.headers())?;
        let key = key.clone().into_owned();
        ValueStream::new(response, expires_at, self.client().read_timeout, key).map(Some)
    }

    /// The metadata of an entry that is there, or `None` if it is not.
    pub(crate) async fn read_metadata(
        &self,
        operation: &'static str,
        key: &Key<'_>,
        deadline: &Deadline,
    ) -> Result<Option<Option<Metadata>>> {
        let url = self.address()?.metadata(key);
        let request = Request::new(operation, Method::GET, url).with_redaction(Redaction::Key(key));
        let reply =
            self.client().send_for_json::<Box<RawValue>>(&request, deadline, SMALL_ENVELOPE_BYTES).await;
        let Some(reply) = found(reply)? else { return Ok(None) };
        Ok(Some(model::metadata(reply.result.as_deref())?))
    }
}

/// Takes the absence of a key for what it is.
fn found<T>(outcome: Result<T, AttemptError>) -> Result<Option<T>> {
    match outcome {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.reason == Reason::KeyNotFound => Ok(None),
        Err(failure) => Err(failure.error),
    }
}

fn expiration(headers: &HeaderMap) -> Result<Option<Timestamp>> {
    let Some(header) = headers.get(EXPIRATION) else { return Ok(None) };
    let seconds = header.to_str().ok().and_then(|text| text.trim().parse().ok());
    let seconds = seconds
        .ok_or_else(|| errors::unexpected_response("an `expiration` header that is no whole number"))?;
    model::expires_at(Some(seconds))
}
