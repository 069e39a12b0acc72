//! Reads of many entries: as texts, up to 100 keys per request, or one by one.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use futures_util::{StreamExt, TryStreamExt, stream};
use kv_core::{Entry, GetOptions, Key, Result};

use crate::{
    api::{attempt_error::Reason, model::BulkValue},
    calls::{
        namespace_client::NamespaceClient,
        read,
        split_retry::SplitRetry,
        texts::{self, MAX_KEYS},
    },
};

const OPERATION: &str = "read_many";

/// Largest response to a bulk get that is read. It holds at most 25 MB of values, which are longer where
/// their text is escaped; keys with a larger response are read in halves.
const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// Maximum number of bulk gets that are sent at once, since their responses may be large.
const MAX_CONCURRENT: usize = 4;

/// Result of a bulk get for one key.
enum TextRead {
    Exact(Option<Entry>),
    /// Bytes may have been lost, or the response leaves the key out.
    Inexact,
}

/// Reads the entries under `keys`, each at its key's index. A key that is given several times is requested
/// once.
pub(crate) async fn read_many(
    namespace: &NamespaceClient,
    keys: &[Key<'static>],
    options: GetOptions,
) -> Result<Vec<Option<Entry>>> {
    let mut indices = HashMap::with_capacity(keys.len());
    let mut distinct = Vec::with_capacity(keys.len());
    for key in keys {
        indices.entry(key).or_insert_with(|| {
            distinct.push(key);
            distinct.len() - 1
        });
    }
    let entries = if options.text {
        read_texts(namespace, &distinct, options).await?
    } else {
        read_one_by_one(namespace, &distinct, options).await?
    };
    let entry = |key| indices.get(key).and_then(|index| entries.get(*index));
    Ok(keys.iter().map(|key| entry(key).cloned().flatten()).collect())
}

/// Reads the entries under `keys`, in their order, with one request per key, or two with metadata.
async fn read_one_by_one(
    namespace: &NamespaceClient,
    keys: &[&Key<'static>],
    options: GetOptions,
) -> Result<Vec<Option<Entry>>> {
    // By index: a closure over references would have to be general in their lifetimes, which this one cannot
    // be.
    let reads = stream::iter(0..keys.len()).map(|index| read_one(namespace, keys, index, options));
    reads.buffered(namespace.client.concurrency).try_collect().await
}

async fn read_one(
    namespace: &NamespaceClient,
    keys: &[&Key<'static>],
    index: usize,
    options: GetOptions,
) -> Result<Option<Entry>> {
    let Some(key) = keys.get(index) else { return Ok(None) };
    let deadline = namespace.client.deadline();
    read::read_entry(namespace, OPERATION, key, options.metadata, &deadline).await
}

/// Reads the entries under `keys`, which differ, in their order. Keys whose text is not exact are read again,
/// one by one.
async fn read_texts(
    namespace: &NamespaceClient,
    keys: &[&Key<'static>],
    options: GetOptions,
) -> Result<Vec<Option<Entry>>> {
    // All parts learn from the one that the service was too slow for.
    let max_keys = AtomicUsize::new(MAX_KEYS);
    let parts = stream::iter((0..keys.len()).step_by(MAX_KEYS)).map(|start| {
        let part = keys.get(start..).unwrap_or_default();
        read_part(namespace, part.get(..MAX_KEYS).unwrap_or(part), options, &max_keys)
    });
    let concurrency = namespace.client.concurrency.min(MAX_CONCURRENT);
    let texts: Vec<TextRead> = parts.buffered(concurrency).try_concat().await?;
    let inexact = keys.iter().zip(&texts).filter(|(_, text)| matches!(text, TextRead::Inexact));
    let inexact: Vec<_> = inexact.map(|(key, _)| *key).collect();
    let mut exact = read_one_by_one(namespace, &inexact, options).await?.into_iter();
    let entry = |text| match text {
        TextRead::Exact(entry) => entry,
        TextRead::Inexact => exact.next().flatten(),
    };
    Ok(texts.into_iter().map(entry).collect())
}

/// Reads the texts of `keys`, with at most `max_keys` per request. A request is halved if its response is too
/// large, or the service too slow for it.
async fn read_part(
    namespace: &NamespaceClient,
    keys: &[&Key<'static>],
    options: GetOptions,
    max_keys: &AtomicUsize,
) -> Result<Vec<TextRead>> {
    let mut retry = SplitRetry::new(&namespace.client);
    let mut texts = Vec::with_capacity(keys.len());
    let mut parts = vec![keys];
    while let Some(mut part) = parts.pop() {
        if let Some((first, later)) = part.split_at_checked(max_keys.load(Ordering::Relaxed))
            && !later.is_empty()
        {
            parts.push(later);
            part = first;
        }
        let names = part.iter().map(|key| key.as_str()).collect();
        let values = texts::get_texts(namespace, OPERATION, names, retry.deadline(), MAX_RESPONSE_BYTES);
        let failure = match values.await {
            Ok(mut values) => {
                retry.reset();
                for key in part {
                    texts.push(text_read(values.take(key), options)?);
                }
                continue;
            }
            Err(failure) => failure,
        };
        match failure.reason {
            Reason::PayloadTooLarge | Reason::BodyTooLarge if part.len() > 1 => {
                retry.reset();
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([second, first]);
            }
            Reason::PayloadTooLarge | Reason::BodyTooLarge => texts.push(TextRead::Inexact),
            Reason::TooSlow if part.len() > 1 && retry.pause(&failure).await => {
                namespace.client.counters.count_retried();
                max_keys.fetch_min(part.len().div_ceil(2), Ordering::Relaxed);
                parts.push(part);
            }
            _ => return Err(failure.error),
        }
    }
    Ok(texts)
}

fn text_read(value: BulkValue, options: GetOptions) -> Result<TextRead> {
    match value {
        BulkValue::Absent => Ok(TextRead::Exact(None)),
        BulkValue::Present(text) if text.is_exact() => text.into_entry(options.metadata).map(TextRead::Exact),
        BulkValue::Present(_) | BulkValue::Missing => Ok(TextRead::Inexact),
    }
}
