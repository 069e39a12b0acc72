//! Reads many texts in few requests.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt, TryStreamExt, stream};
use kv_core::{Entry, GetOptions, Key, Result};
use reqwest::Method;
use serde::Serialize;

use crate::{
    api::{
        errors,
        failure::{Failure, Reason},
        model::{Found, Whole},
        redact::Secrets,
    },
    calls::patience::Patience,
    http::request::{Payload, Request},
    namespace::CloudflareNamespace,
    rate_limit::deadline::Deadline,
};

/// The most keys that one request may ask for.
const MOST_KEYS: usize = 100;

/// The longest answer that is read. The values of one are 25 MB at most, more where their text is escaped; what is longer is
/// asked for in halves.
const ANSWER: usize = 64 * 1024 * 1024;

/// How many answers, large as they may be, are under way at once.
const MOST_AT_ONCE: usize = 4;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Query<'a> {
    keys: Vec<&'a str>,
    r#type: &'static str,
    /// Always, since the deadlines come with it.
    with_metadata: bool,
}

/// What a bulk get tells of one key.
enum Told {
    Exactly(Option<Entry>),
    /// Bytes may have been lost, or the answer says nothing of the key.
    NotExactly,
}

impl CloudflareNamespace {
    /// The entries under `keys`, which differ, in their order. What no bulk get tells exactly is read once more, singly.
    pub(crate) async fn read_texts(
        &self,
        keys: &[&Key<'static>],
        options: GetOptions,
    ) -> Result<Vec<Option<Entry>>> {
        let starts = (0..keys.len()).step_by(MOST_KEYS);
        // All parts learn from the one that the service was too slow for.
        let most = AtomicUsize::new(MOST_KEYS);
        let parts = stream::iter(starts).map(|start| {
            let part = keys.get(start..).unwrap_or_default();
            self.read_part(part.get(..MOST_KEYS).unwrap_or(part), options, &most)
        });
        let at_once = self.client().concurrency.min(MOST_AT_ONCE);
        let told: Vec<Told> = parts.buffered(at_once).try_concat().await?;
        let not_told = keys.iter().zip(&told).filter(|(_, told)| matches!(told, Told::NotExactly));
        let again: Vec<_> = not_told.map(|(key, _)| *key).collect();
        let mut again = self.read_singly(&again, options).await?.into_iter();
        let entry = |told| match told {
            Told::Exactly(entry) => entry,
            Told::NotExactly => again.next().flatten(),
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
    ) -> Result<Vec<Told>> {
        let mut patience = Patience::new(self.client());
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
            let failure = match self.bulk_get("read_many", names, patience.deadline(), ANSWER).await {
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
                Reason::TooLarge | Reason::AnswerTooLong if part.len() > 1 => {
                    patience.answered();
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Reason::TooLarge | Reason::AnswerTooLong => told.push(Told::NotExactly),
                Reason::TooMuch if part.len() > 1 && patience.pause(&failure).await => {
                    self.client().meter.count_retried();
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
    ) -> Result<Found, Failure> {
        let url = self.address().map_err(Failure::new)?.bulk_get();
        let items = keys.len();
        let query = serde_json::to_vec(&Query { keys, r#type: "text", with_metadata: true });
        let query = query.map_err(|_| Failure::new(errors::not_understood("keys that are not JSON")))?;
        let request = Request::new(operation, Method::POST, url)
            .with_body(Payload::Json(query.into()))
            .with_secrets(Secrets::Body(None))
            .about(items);
        let reply = self.client().send_for_json::<Found>(&request, deadline, most).await?;
        reply.result.ok_or_else(|| Failure::new(errors::not_understood("a bulk get without values")))
    }
}

fn tell(whole: Whole, options: GetOptions) -> Result<Told> {
    match whole {
        Whole::Absent => Ok(Told::Exactly(None)),
        Whole::Present(found) if found.is_exact() => found.into_entry(options.metadata).map(Told::Exactly),
        Whole::Present(_) | Whole::Unknown => Ok(Told::NotExactly),
    }
}
