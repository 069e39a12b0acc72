//! Batches: many writes or deletions in few requests.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use kv_core::{BulkReport, Error, Key, Result, Timestamp};
use reqwest::{Method, Url};
use tokio::time::sleep;

use crate::{
    api::{
        attempt_error::{AttemptError, Reason},
        errors,
        model::BulkResult,
        redact::Redaction,
    },
    calls::{namespace_client::NamespaceClient, split_retry::SplitRetry},
    http::{
        offload::offload,
        request::{Payload, Request},
        retry::{Pauses, pauses},
    },
    rate_limit::deadline::Deadline,
};

/// Maximum number of items that the service takes in one request.
pub(crate) const MAX_BULK_SIZE: usize = 10_000;

/// Number of items per request by default. Production did not write 5,000 pairs within the 100 s after which
/// Cloudflare answers 524, and wrangler went down to this number for it (cloudflare/workers-sdk 7021 and
/// 7036).
pub(crate) const DEFAULT_BULK_SIZE: usize = 1_000;

/// Largest body of a request. The service takes 100 MB, and does not say if they are decimal and what counts.
const MAX_BYTES: usize = 98_000_000;

/// Largest envelope: 10,000 keys of 512 bytes, each of them escaped.
const MAX_ENVELOPE_BYTES: usize = 32 * 1024 * 1024;

/// Items of a bulk call: entries to write, or keys to remove.
pub(crate) trait BulkItems: Send + Sync + 'static {
    const OPERATION: &'static str;

    fn len(&self) -> usize;

    fn key(&self, index: usize) -> Option<&Key<'static>>;

    /// Returns the length of the item's JSON, or a little more; where text is escaped, the JSON may be
    /// longer.
    fn size(&self, index: usize) -> usize;

    /// Adds the item's JSON to `array`, unless no batch can carry it.
    fn encode(&self, index: usize, now: Timestamp, array: &mut Vec<u8>) -> Encoding;
}

/// Way in which an item is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// It was added to the batch.
    Added,
    /// It needs a request of its own.
    SingleRequest,
}

/// Outcome of all batches, by the items' indices.
#[derive(Debug, Default)]
pub(crate) struct BulkOutcome {
    /// Items that failed.
    pub(crate) failed: HashMap<usize, Error>,
    /// Items that need a request of their own. They were not attempted.
    pub(crate) single_requests: Vec<usize>,
}

impl BulkOutcome {
    fn fail(&mut self, indices: Vec<usize>, error: &Error) {
        self.failed.extend(indices.into_iter().map(|index| (index, error.clone())));
    }

    /// Returns the report on all of `items`. An item whose key comes again later was not sent, and shares the
    /// later one's outcome.
    pub(crate) fn into_report(self, items: &impl BulkItems) -> BulkReport {
        let failed: HashMap<_, _> =
            self.failed.into_iter().filter_map(|(index, error)| Some((items.key(index)?, error))).collect();
        let mut report = BulkReport::default();
        for (index, key) in (0..items.len()).filter_map(|index| Some((index, items.key(index)?))) {
            report.add_outcome(index, key, failed.get(key).cloned().map_or(Ok(()), Err));
        }
        report
    }
}

/// Items that are sent in one request.
struct Batch {
    indices: Vec<usize>,
    /// Pauses before the items that the service did not apply are sent again.
    pauses: Pauses,
    is_retry: bool,
}

/// Returns the index of the last item of each key, in ascending order.
fn last_of_each_key(items: &impl BulkItems) -> Vec<usize> {
    let last: HashMap<_, _> = (0..items.len()).map(|index| (items.key(index), index)).collect();
    let mut indices: Vec<_> = last.into_values().collect();
    indices.sort_unstable();
    indices
}

/// JSON of a request.
#[derive(Default)]
struct Encoded {
    body: Bytes,
    /// Items in the body.
    indices: Vec<usize>,
    /// Items for which it has no room.
    rest: Vec<usize>,
    single_requests: Vec<usize>,
}

fn encode(items: &impl BulkItems, indices: &[usize], size: usize, now: Timestamp) -> Encoded {
    let mut encoded = Encoded::default();
    // With room for the item that turns out not to fit and is removed again.
    let mut array = Vec::with_capacity(size.min(MAX_BYTES + MAX_BYTES / 3));
    array.push(b'[');
    for (position, index) in indices.iter().copied().enumerate() {
        let before = array.len();
        if !encoded.indices.is_empty() {
            array.push(b',');
        }
        if items.encode(index, now, &mut array) == Encoding::SingleRequest {
            array.truncate(before);
            encoded.single_requests.push(index);
        } else if array.len() >= MAX_BYTES && !encoded.indices.is_empty() {
            array.truncate(before);
            encoded.rest.extend(indices.iter().skip(position));
            break;
        } else {
            encoded.indices.push(index);
        }
    }
    array.push(b']');
    encoded.body = array.into();
    encoded
}

/// Sends `items`, the last one of each key, in as few requests as possible. Items that the service reports as
/// not applied are sent again, without the others. A request that is too large, or that the service is too
/// slow for, is sent again in halves.
pub(crate) async fn send<I: BulkItems>(
    namespace: &NamespaceClient,
    method: &Method,
    url: Url,
    items: &Arc<I>,
) -> Result<BulkOutcome> {
    let client = &namespace.client;
    let batch = |indices, is_retry| Batch { indices, pauses: pauses(client.retries), is_retry };
    let mut max_items = client.bulk_size;
    let mut retry = SplitRetry::new(client);
    let mut outcome = BulkOutcome::default();
    let indices = last_of_each_key(&**items);
    let mut batches: VecDeque<_> =
        indices.chunks(max_items).map(|part| batch(part.to_vec(), false)).collect();
    while let Some(mut next) = batches.pop_front() {
        if retry.is_over() {
            outcome.fail(next.indices, &errors::not_sent().with_operation(I::OPERATION));
            continue;
        }
        let later = next.indices.split_off(next.indices.len().min(max_items));
        let Encoded { body, indices, rest, single_requests } =
            encode_batch(namespace, items, next.indices).await?;
        outcome.single_requests.extend(single_requests);
        for indices in [later, rest].into_iter().filter(|indices| !indices.is_empty()) {
            batches.push_front(batch(indices, next.is_retry));
        }
        if indices.is_empty() {
            continue;
        }
        if next.is_retry {
            client.counters.count_retried();
        }
        match send_batch(namespace, method, &url, &**items, body, &indices, retry.deadline()).await {
            Ok(not_applied) => {
                retry.reset();
                if not_applied.is_empty() {
                    continue;
                }
                if let Some(pause) = next.pauses.next() {
                    sleep(pause).await;
                    batches.push_front(Batch { indices: not_applied, pauses: next.pauses, is_retry: true });
                } else {
                    outcome.fail(not_applied, &errors::not_applied().with_operation(I::OPERATION));
                }
            }
            Err(failure) if failure.reason == Reason::PayloadTooLarge && indices.len() > 1 => {
                retry.reset_if_final(&failure.error);
                let (first, second) = indices.split_at(indices.len() / 2);
                for half in [second, first] {
                    batches.push_front(batch(half.to_vec(), true));
                }
            }
            Err(failure) if failure.reason == Reason::TooSlow && indices.len() > 1 => {
                if retry.pause(&failure).await {
                    // For the rest of the call: the service would be too slow for as many again.
                    max_items = indices.len().div_ceil(2);
                    batches.push_front(Batch { indices, pauses: next.pauses, is_retry: true });
                } else {
                    outcome.fail(indices, &failure.error);
                }
            }
            Err(failure) => {
                retry.reset_if_final(&failure.error);
                outcome.fail(indices, &failure.error);
            }
        }
    }
    Ok(outcome)
}

async fn encode_batch<I: BulkItems>(
    namespace: &NamespaceClient,
    items: &Arc<I>,
    indices: Vec<usize>,
) -> Result<Encoded> {
    let size = indices.iter().map(|index| items.size(*index)).sum();
    let items = Arc::clone(items);
    let now = namespace.client.clock.now();
    offload(size, move || encode(&*items, &indices, size, now)).await
}

/// Sends one request, and returns its items that the service did not apply.
async fn send_batch<I: BulkItems>(
    namespace: &NamespaceClient,
    method: &Method,
    url: &Url,
    items: &I,
    body: Bytes,
    indices: &[usize],
    deadline: &Deadline,
) -> Result<Vec<usize>, AttemptError> {
    let keys = indices.iter().filter_map(|index| items.key(*index));
    let written_keys: Vec<_> = keys.map(|key| namespace.hash(key)).collect();
    let request = Request::new(I::OPERATION, method.clone(), url.clone())
        .with_body(Payload::Json(body))
        .with_written_keys(&written_keys)
        .with_redaction(Redaction::Body(None))
        .for_items(indices.len());
    let response =
        namespace.client.send_for_json::<BulkResult>(&request, deadline, MAX_ENVELOPE_BYTES).await?;
    let not_applied = response.result.and_then(|result| result.unsuccessful_keys).unwrap_or_default();
    let not_applied: HashSet<_> = not_applied.iter().map(String::as_str).collect();
    let is_not_applied =
        |index: &usize| items.key(*index).is_some_and(|key| not_applied.contains(key.as_str()));
    Ok(indices.iter().copied().filter(is_not_applied).collect())
}
