//! Writes many entries.

use std::{borrow::Cow, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::{StreamExt, stream};
use kv_core::{BulkReport, Key, PutEntry, Result, Timestamp};
use reqwest::Method;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    api::expiration::WireExpiration,
    calls::bulk::batches::{BulkItems, BulkOutcome, Encoding, last_of_each_key},
    http::request::ValueBody,
    namespace::CloudflareNamespace,
};

/// The longest text of a value in a bulk request, in bytes. What is longer, escaped or in base64, goes by a request of its own.
const MAX_TEXT_BYTES: usize = 26_214_400;

/// Entries to be written.
#[derive(Debug)]
struct Writes(Vec<PutEntry>);

/// An entry of a bulk write, as the service takes it.
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
    /// The text as it is, so that big numbers and the order of keys survive.
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
        // The names of the fields and two times, and base64 for the value, are not passed.
        const AROUND: usize = 128;
        let metadata =
            |entry: &PutEntry| entry.options.metadata.as_ref().map_or(0, |text| text.as_str().len());
        let size = |entry: &PutEntry| AROUND + entry.key.len() + base64_len(&entry.value) + metadata(entry);
        self.0.get(index).map_or(0, size)
    }

    fn encode(&self, index: usize, now: Timestamp, array: &mut Vec<u8>) -> Encoding {
        let pair = self.0.get(index).and_then(|entry| pair(entry, now));
        match pair.map(|pair| serde_json::to_writer(array, &pair)) {
            Some(Ok(())) => Encoding::Added,
            None | Some(Err(_)) => Encoding::SingleRequest,
        }
    }
}

/// How a bulk request carries `entry`, if it can.
fn pair(entry: &PutEntry, now: Timestamp) -> Option<Pair<'_>> {
    let expiration = WireExpiration::new(entry.options.expiration, now);
    if expiration == WireExpiration::Passed {
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
        // Text that is no JSON came out of a damaged store: written singly, the service judges it.
        Some(metadata) => Some(serde_json::from_str(metadata.as_str()).ok()?),
        None => None,
    };
    let key = entry.key.as_str();
    Some(Pair { key, value, base64, expiration: expiration.at(), expiration_ttl: expiration.ttl(), metadata })
}

fn base64_len(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(3) * 4
}

/// Whether a bulk request may carry `text` as it is.
fn fits(text: &str) -> bool {
    // No byte becomes more than six, so short texts need not be looked at.
    text.len() <= MAX_TEXT_BYTES / 6 || escaped_len(text) <= MAX_TEXT_BYTES
}

/// The length of `text` in a JSON string, without its quotes.
fn escaped_len(text: &str) -> usize {
    let lengths = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    });
    lengths.sum()
}

impl CloudflareNamespace {
    pub(crate) async fn write_entries(&self, entries: Vec<PutEntry>) -> Result<BulkReport> {
        let writes = Arc::new(Writes(entries));
        let indices = last_of_each_key(&*writes);
        let url = self.address()?.bulk_write();
        let mut outcome = self.send_in_bulk(&Method::PUT, url, &writes, indices).await?;
        self.write_apart(&writes, &mut outcome).await;
        Ok(outcome.into_report(&*writes))
    }

    /// Writes what no bulk request can carry, each by its own.
    async fn write_apart(&self, writes: &Writes, outcome: &mut BulkOutcome) {
        let apart = std::mem::take(&mut outcome.single_requests);
        let singly = stream::iter(apart).map(|index| self.write_place(writes, index));
        let mut singly = singly.buffer_unordered(self.client().concurrency);
        while let Some((index, written)) = singly.next().await {
            outcome.failed.extend(written.err().map(|error| (index, error)));
        }
    }

    async fn write_place(&self, writes: &Writes, index: usize) -> (usize, Result<()>) {
        let Some(entry) = writes.0.get(index) else { return (index, Ok(())) };
        let value = ValueBody::Whole(entry.value.clone().into_bytes());
        let deadline = self.client().deadline();
        let written = self.write_entry(Writes::OPERATION, &entry.key, value, &entry.options, &deadline);
        (index, written.await)
    }
}

#[cfg(test)]
mod tests {
    use kv_testkit::proptest::prelude::*;

    use super::escaped_len;

    proptest! {
        #[test]
        fn the_length_of_a_string_is_that_of_its_json(text in ".*|[\\x00-\\x7f]*") {
            prop_assert_eq!(escaped_len(&text) + 2, serde_json::to_string(&text).unwrap().len());
        }
    }
}
