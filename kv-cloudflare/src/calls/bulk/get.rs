//! Reads many texts in few requests.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt, TryStreamExt, stream};
use kv_core::{Entry, GetOptions, Key, Result};
use reqwest::Method;
use serde::Serialize;

use crate::{
    api::{
        attempt_error::{AttemptError, Reason},
        errors,
        model::{BulkValue, BulkValues},
        redact::Redaction,
    },
    calls::split_retry::SplitRetry,
    http::request::{Payload, Request},
    namespace::CloudflareNamespace,
    rate_limit::deadline::Deadline,
};

/// The most keys that one request may ask for.
const MAX_KEYS: usize = 100;

/// The longest answer that is read. The values of one are 25 MB at most, more where their text is escaped; what is longer is
/// asked for in halves.
const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// How many answers, large as they may be, are under way at once.
const MAX_CONCURRENT: usize = 4;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Query<'a> {
    keys: Vec<&'a str>,
    r#type: &'static str,
    /// Always, since the deadlines come with it.
    with_metadata: bool,
}

/// What a bulk get tells of one key.
enum TextRead {
    Exact(Option<Entry>),
    /// Bytes may have been lost, or the answer says nothing of the key.
    Inexact,
}

impl CloudflareNamespace {
    /// The entries under `keys`, which differ, in their order. What no bulk get tells exactly is read once more, singly.
    pub(crate) async fn read_texts(
        &self,
        keys: &[&Key<'static>],
        options: GetOptions,
    ) -> Result<Vec<Option<Entry>>> {
        let starts = (0..keys.len()).step_by(MAX_KEYS);
        // All parts learn from the one that the service was too slow for.
        let most = AtomicUsize::new(MAX_KEYS);
        let parts = stream::iter(starts).map(|start| {
            let part = keys.get(start..).unwrap_or_default();
            self.read_part(part.get(..MAX_KEYS).unwrap_or(part), options, &most)
        });
        let at_once = self.client().concurrency.min(MAX_CONCURRENT);
        let told: Vec<TextRead> = parts.buffered(at_once).try_concat().await?;
        let not_told = keys.iter().zip(&told).filter(|(_, told)| matches!(told, TextRead::Inexact));
        let again: Vec<_> = not_told.map(|(key, _)| *key).collect();
        let mut again = self.read_singly(&again, options).await?.into_iter();
        let entry = |told| match told {
            TextRead::Exact(entry) => entry,
            TextRead::Inexact => again.next().flatten(),
        };
        Ok(told.into_iter().map(entry).collect())
    }

    /// Answers for `keys`, from requests for at most `most` keys each. A request is halved where its answer would be
    /// too large, or the service is too slow for it.
    async fn read_part(
        &self,
        keys: &[&Key<'static>],
        options: GetOptions,
        most: &AtomicUsize,
    ) -> Result<Vec<TextRead>> {
        let mut patience = SplitRetry::new(self.client());
        let mut told = Vec::with_capacity(keys.len());
        let mut parts = vec![keys];
        while let Some(mut part) = parts.pop() {
            if let Some((first, later)) = part.split_at_checked(most.load(Ordering::Relaxed))
                && !later.is_empty()
            {
                parts.push(later);
                part = first;
            }
            let names = part.iter().map(|key| key.as_str()).collect();
            let failure =
                match self.bulk_get("read_many", names, patience.deadline(), MAX_RESPONSE_BYTES).await {
                    Ok(mut found) => {
                        patience.answered();
                        for key in part {
                            told.push(tell(found.take(key), options)?);
                        }
                        continue;
                    }
                    Err(failure) => failure,
                };
            match failure.reason {
                Reason::PayloadTooLarge | Reason::BodyTooLarge if part.len() > 1 => {
                    patience.answered();
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Reason::PayloadTooLarge | Reason::BodyTooLarge => told.push(TextRead::Inexact),
                Reason::TooSlow if part.len() > 1 && patience.pause(&failure).await => {
                    self.client().counters.count_retried();
                    most.fetch_min(part.len().div_ceil(2), Ordering::Relaxed);
                    parts.push(part);
                }
                _ => return Err(failure.error),
            }
        }
        Ok(told)
    }

    /// Asks for the texts, metadata and deadlines of `keys`, of which there are 100 at most, in one request. What it finds of a
    /// key, it finds at one moment. An answer of more than `most` bytes is too large.
    pub(crate) async fn bulk_get(
        &self,
        operation: &'static str,
        keys: Vec<&str>,
        deadline: &Deadline,
        most: usize,
    ) -> Result<BulkValues, AttemptError> {
        let url = self.address().map_err(AttemptError::new)?.bulk_get();
        let items = keys.len();
        let query = serde_json::to_vec(&Query { keys, r#type: "text", with_metadata: true });
        let query =
            query.map_err(|_| AttemptError::new(errors::unexpected_response("keys that are not JSON")))?;
        let request = Request::new(operation, Method::POST, url)
            .with_body(Payload::Json(query.into()))
            .with_redaction(Redaction::Body(None))
            .for_items(items);
        let reply = self.client().send_for_json::<BulkValues>(&request, deadline, most).await?;
        reply
            .result
            .ok_or_else(|| AttemptError::new(errors::unexpected_response("a bulk get without values")))
    }
}

fn tell(whole: BulkValue, options: GetOptions) -> Result<TextRead> {
    match whole {
        BulkValue::Absent => Ok(TextRead::Exact(None)),
        BulkValue::Present(found) if found.is_exact() => {
            found.into_entry(options.metadata).map(TextRead::Exact)
        }
        BulkValue::Present(_) | BulkValue::Missing => Ok(TextRead::Inexact),
    }
}
