//! Many writes or deletions in few requests.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use backon::ExponentialBackoff;
use bytes::Bytes;
use kv_core::{BulkReport, Error, ErrorKind, Key, Result, Timestamp};
use reqwest::{Method, Url};
use tokio::time::sleep;

use crate::{
    api::{
        attempt_error::{AttemptError, Reason},
        errors,
        model::BulkResult,
        redact::Redaction,
    },
    calls::split_retry::{SplitRetry, pauses},
    http::{
        offload::offload,
        request::{Payload, Request},
    },
    namespace::CloudflareNamespace,
    rate_limit::deadline::Deadline,
};

/// The most items that the service takes in one request.
pub(crate) const MAX_ITEMS: usize = 10_000;

/// As many items as a request has where the builder says nothing. Production did not write 5,000 pairs within the 100 s after which
/// Cloudflare answers 524, and wrangler went down to this number for it (cloudflare/workers-sdk 7021 and 7036).
pub(crate) const DEFAULT_BULK_SIZE: usize = 1_000;

/// The longest request: the service takes 100 MB, of which nobody says whether they are decimal and what counts.
const MAX_BYTES: usize = 98_000_000;

/// The largest envelope: 10,000 keys of 512 bytes, each of them escaped.
const MAX_ENVELOPE_BYTES: usize = 32 * 1024 * 1024;

/// What a bulk call is about.
pub(crate) trait BulkItems: Send + Sync + 'static {
    const OPERATION: &'static str;

    fn len(&self) -> usize;

    fn key(&self, index: usize) -> Option<&Key<'static>>;

    /// How many bytes its JSON has, or a few more; text that is escaped may be longer.
    fn size(&self, index: usize) -> usize;

    /// Adds the item's JSON to `array`, or answers that no bulk request can carry it.
    fn encode(&self, index: usize, now: Timestamp, array: &mut Vec<u8>) -> Encoding;
}

/// Whether an item is in a bulk request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Added,
    SingleRequest,
}

/// How the items fared.
#[derive(Debug, Default)]
pub(crate) struct BulkOutcome {
    /// The items that failed.
    pub(crate) failed: HashMap<usize, Error>,
    /// The items that no bulk request can carry. They were not attempted.
    pub(crate) single_requests: Vec<usize>,
}

impl BulkOutcome {
    fn fail(&mut self, indices: Vec<usize>, error: &Error) {
        self.failed.extend(indices.into_iter().map(|index| (index, error.clone())));
    }

    /// The report on all of `items`. One that a later one replaces was not sent: it succeeds if that one does.
    pub(crate) fn into_report(self, items: &impl BulkItems) -> BulkReport {
        let failed: HashMap<_, _> =
            self.failed.into_iter().filter_map(|(index, error)| Some((items.key(index)?, error))).collect();
        let mut report = BulkReport::default();
        for (index, key) in (0..items.len()).filter_map(|index| Some((index, items.key(index)?))) {
            report.record(index, key, failed.get(key).cloned().map_or(Ok(()), Err));
        }
        report
    }
}

/// Items that go together.
struct Batch {
    indices: Vec<usize>,
    /// The pauses before those that the service leaves undone go again.
    pauses: ExponentialBackoff,
    /// `true` if they were sent before.
    again: bool,
}

/// The last item of each key: it decides, whatever became of those before it.
pub(crate) fn last_of_each_key(items: &impl BulkItems) -> Vec<usize> {
    let last: HashMap<_, _> = (0..items.len()).map(|index| (items.key(index), index)).collect();
    let mut indices: Vec<_> = last.into_values().collect();
    indices.sort_unstable();
    indices
}

/// The JSON of a request, and which items are in it.
struct Encoded {
    body: Bytes,
    indices: Vec<usize>,
    /// Those for which there is no room.
    rest: Vec<usize>,
    single_requests: Vec<usize>,
}

fn encode(items: &impl BulkItems, indices: &[usize], size: usize, now: Timestamp) -> Encoded {
    let mut encoded =
        Encoded { body: Bytes::new(), indices: Vec::new(), rest: Vec::new(), single_requests: Vec::new() };
    // With room for the item that is taken out again, since it does not fit.
    let mut array = Vec::with_capacity(size.min(MAX_BYTES + MAX_BYTES / 3));
    array.push(b'[');
    for (place, index) in indices.iter().copied().enumerate() {
        let before = array.len();
        if !encoded.indices.is_empty() {
            array.push(b',');
        }
        if items.encode(index, now, &mut array) == Encoding::SingleRequest {
            array.truncate(before);
            encoded.single_requests.push(index);
        } else if array.len() >= MAX_BYTES && !encoded.indices.is_empty() {
            array.truncate(before);
            encoded.rest.extend(indices.iter().skip(place));
            break;
        } else {
            encoded.indices.push(index);
        }
    }
    array.push(b']');
    encoded.body = array.into();
    encoded
}

impl CloudflareNamespace {
    /// Sends the items `members`, whose keys differ, in as few requests as can be. What the service says it did not apply goes
    /// again, alone. A request that is too large, or that the service is too slow for, goes again in halves.
    pub(crate) async fn send_in_bulk<I: BulkItems>(
        &self,
        method: &Method,
        url: Url,
        items: &Arc<I>,
        indices: Vec<usize>,
    ) -> Result<BulkOutcome> {
        let client = self.client();
        let fresh = |indices: Vec<usize>, again| Batch { indices, pauses: pauses(client), again };
        let mut most = client.bulk_size;
        let mut patience = SplitRetry::new(client);
        let mut outcome = BulkOutcome::default();
        let mut batches: VecDeque<_> = indices.chunks(most).map(|part| fresh(part.to_vec(), false)).collect();
        while let Some(mut batch) = batches.pop_front() {
            if patience.is_over() {
                outcome.fail(batch.indices, &errors::not_sent().with_operation(I::OPERATION));
                continue;
            }
            let later = batch.indices.split_off(batch.indices.len().min(most));
            let Encoded { body, indices, rest, single_requests } =
                self.encode_batch(items, batch.indices).await?;
            outcome.single_requests.extend(single_requests);
            for indices in [later, rest].into_iter().filter(|indices| !indices.is_empty()) {
                batches.push_front(fresh(indices, batch.again));
            }
            if indices.is_empty() {
                continue;
            }
            if batch.again {
                client.counters.count_retried();
            }
            match self.send_batch(method, &url, &**items, body, &indices, patience.deadline()).await {
                Ok(refused) => {
                    patience.answered();
                    if refused.is_empty() {
                        continue;
                    }
                    if let Some(pause) = batch.pauses.next() {
                        sleep(pause).await;
                        batches.push_front(Batch { indices: refused, pauses: batch.pauses, again: true });
                    } else {
                        outcome.fail(refused, &not_applied::<I>());
                    }
                }
                Err(failure) if failure.reason == Reason::PayloadTooLarge && indices.len() > 1 => {
                    patience.refused(&failure.error);
                    let (first, second) = indices.split_at(indices.len() / 2);
                    for half in [second, first] {
                        batches.push_front(fresh(half.to_vec(), true));
                    }
                }
                Err(failure) if failure.reason == Reason::TooSlow && indices.len() > 1 => {
                    if patience.pause(&failure).await {
                        // For the rest of the call: it would be too slow for as many again.
                        most = indices.len().div_ceil(2);
                        batches.push_front(Batch { indices, pauses: batch.pauses, again: true });
                    } else {
                        outcome.fail(indices, &failure.error);
                    }
                }
                Err(failure) => {
                    patience.refused(&failure.error);
                    outcome.fail(indices, &failure.error);
                }
            }
        }
        Ok(outcome)
    }

    async fn encode_batch<I: BulkItems>(&self, items: &Arc<I>, indices: Vec<usize>) -> Result<Encoded> {
        let size = indices.iter().map(|index| items.size(*index)).sum();
        let (items, now) = (Arc::clone(items), self.client().clock.now());
        offload(size, move || encode(&*items, &indices, size, now)).await
    }

    /// Sends one request, and answers which of its items the service did not apply.
    async fn send_batch<I: BulkItems>(
        &self,
        method: &Method,
        url: &Url,
        items: &I,
        body: Bytes,
        indices: &[usize],
        deadline: &Deadline,
    ) -> Result<Vec<usize>, AttemptError> {
        let keys = || indices.iter().filter_map(|index| items.key(*index));
        let writes: Vec<_> = keys().map(|key| self.hash(key)).collect();
        let request = Request::new(I::OPERATION, method.clone(), url.clone())
            .with_body(Payload::Json(body))
            .with_writes(&writes)
            .with_redaction(Redaction::Body(None))
            .for_items(indices.len());
        let reply = self.client().send_for_json::<BulkResult>(&request, deadline, MAX_ENVELOPE_BYTES).await?;
        let refused = reply.result.and_then(|applied| applied.unsuccessful_keys).unwrap_or_default();
        let refused: HashSet<_> = refused.iter().map(String::as_str).collect();
        let is_refused = |index: &usize| items.key(*index).is_some_and(|key| refused.contains(key.as_str()));
        Ok(indices.iter().copied().filter(is_refused).collect())
    }
}

fn not_applied<I: BulkItems>() -> Error {
    let message = "the service took the request but did not apply this item, however often it was sent: try again later";
    errors::new(ErrorKind::Unavailable, message).with_operation(I::OPERATION)
}
