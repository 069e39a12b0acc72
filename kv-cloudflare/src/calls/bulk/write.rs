//! Writes of many entries.

use std::{borrow::Cow, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::{StreamExt, stream};
use kv_core::{BulkReport, Key, PutEntry, Result, Timestamp};
use reqwest::Method;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    api::expiration::WireExpiration,
    calls::{
        bulk::batches::{self, BulkItems, Encoding},
        namespace_client::NamespaceClient,
        write,
    },
    http::request::ValueBody,
};

/// Longest text of a value in a batch: 25 MiB, escaped or in base64. A longer one is written by a request of
/// its own.
const MAX_TEXT_BYTES: usize = 26_214_400;

/// Entries to be written.
#[derive(Debug)]
struct Writes(Vec<PutEntry>);

/// Entry of a batch, as the service takes it.
#[derive(Serialize)]
struct Pair<'a> {
    key: &'a str,
    value: Cow<'a, str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    base64: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_ttl: Option<u64>,
    /// The text as it is, so that big numbers and the order of keys are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
}

impl BulkItems for Writes {
    const OPERATION: &'static str = "write_many";

    fn len(&self) -> usize {
        self.0.len()
    }

    fn key(&self, index: usize) -> Option<&Key<'static>> {
        self.0.get(index).map(|entry| &entry.key)
    }

    fn size(&self, index: usize) -> usize {
        // Upper bound of the field names and two times.
        const AROUND: usize = 128;
        let Some(entry) = self.0.get(index) else { return 0 };
        let metadata = entry.options.metadata.as_ref().map_or(0, |text| text.as_str().len());
        AROUND + entry.key.len() + base64_len(&entry.value) + metadata
    }

    fn encode(&self, index: usize, now: Timestamp, array: &mut Vec<u8>) -> Encoding {
        let pair = self.0.get(index).and_then(|entry| pair(entry, now));
        match pair.map(|pair| serde_json::to_writer(array, &pair)) {
            Some(Ok(())) => Encoding::Added,
            None | Some(Err(_)) => Encoding::SingleRequest,
        }
    }
}

/// Encodes `entry` for a batch; `None` if it needs a request of its own.
fn pair(entry: &PutEntry, now: Timestamp) -> Option<Pair<'_>> {
    let expiration = WireExpiration::new(entry.options.expiration, now);
    if expiration == WireExpiration::Expired {
        return None;
    }
    let (value, base64) = match entry.value.text() {
        Ok(text) if fits(text) => (Cow::Borrowed(text), false),
        Err(_) if base64_len(&entry.value) <= MAX_TEXT_BYTES => {
            (Cow::Owned(STANDARD.encode(&entry.value)), true)
        }
        Ok(_) | Err(_) => return None,
    };
    let metadata = match &entry.options.metadata {
        // Text that is not JSON came out of a damaged store: in a request of its own, the service judges it.
        Some(metadata) => Some(serde_json::from_str(metadata.as_str()).ok()?),
        None => None,
    };
    let key = entry.key.as_str();
    Some(Pair { key, value, base64, expiration: expiration.at(), expiration_ttl: expiration.ttl(), metadata })
}

fn base64_len(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(3) * 4
}

/// `true` if a batch may carry `text` as it is.
fn fits(text: &str) -> bool {
    // No byte becomes more than six, so short texts need not be scanned.
    text.len() <= MAX_TEXT_BYTES / 6 || escaped_len(text) <= MAX_TEXT_BYTES
}

/// Returns the length of `text` in a JSON string, without the quotes.
fn escaped_len(text: &str) -> usize {
    let lengths = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    });
    lengths.sum()
}

/// Writes `entries` in batches. An entry that no batch can carry is written by a request of its own.
pub(crate) async fn write_many(namespace: &NamespaceClient, entries: Vec<PutEntry>) -> Result<BulkReport> {
    let writes = Arc::new(Writes(entries));
    let url = namespace.urls()?.bulk_write();
    let mut outcome = batches::send(namespace, &Method::PUT, url, &writes).await?;
    let single_requests = std::mem::take(&mut outcome.single_requests);
    let single_requests = stream::iter(single_requests).map(|index| write_one(namespace, &writes, index));
    let mut written = single_requests.buffer_unordered(namespace.client.concurrency);
    while let Some((index, written)) = written.next().await {
        outcome.failed.extend(written.err().map(|error| (index, error)));
    }
    Ok(outcome.into_report(&*writes))
}

async fn write_one(namespace: &NamespaceClient, writes: &Writes, index: usize) -> (usize, Result<()>) {
    let Some(entry) = writes.0.get(index) else { return (index, Ok(())) };
    let value = ValueBody::Whole(entry.value.clone().into_bytes());
    let deadline = namespace.client.deadline();
    let written =
        write::write_entry(namespace, Writes::OPERATION, &entry.key, value, &entry.options, &deadline);
    (index, written.await)
}

#[cfg(test)]
mod tests {
    use kv_testkit::proptest::prelude::*;

    use super::escaped_len;

    proptest! {
        #[test]
        fn escaped_length_is_that_of_the_json(text in ".*|[\\x00-\\x7f]*") {
            prop_assert_eq!(escaped_len(&text) + 2, serde_json::to_string(&text).unwrap().len());
        }
    }
}
