//! Bodies that are JSON.

use std::{borrow::Cow, fmt, marker::PhantomData};

use axum::body::Body;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};

use super::failure::Failure;
use crate::{request_body::RequestBody, shared::Shared};

/// The longest body of a bulk write or delete, in bytes:
/// [100 megabytes](https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/methods/bulk_update/).
pub(super) const MAX_BULK_BYTES: usize = 100_000_000;
/// The most items of a bulk write or delete.
pub(super) const MAX_BULK_ITEMS: usize = 10_000;
/// The longest body of any other request, in bytes: a hundred keys with each of their bytes escaped take a third of it.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// The bytes of a body of `limit` bytes at most.
pub(super) async fn read(shared: &Shared, body: Body, limit: usize) -> Result<Vec<u8>, Failure> {
    Ok(RequestBody::new(body, limit, shared.stall_timeout)?.collect().await?)
}

/// A text, borrowed from the body if it has no escapes.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The items of a JSON array, of which no more than `MAX` are kept. The others are counted.
#[derive(Debug)]
pub(super) struct AtMost<T, const MAX: usize> {
    pub(super) items: Vec<T>,
    /// How many there were.
    pub(super) given: usize,
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for AtMost<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(AtMostVisitor(PhantomData))
    }
}

struct AtMostVisitor<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for AtMostVisitor<T, MAX> {
    type Value = AtMost<T, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while items.len() < MAX {
            match sequence.next_element()? {
                Some(item) => items.push(item),
                None => return Ok(AtMost { given: items.len(), items }),
            }
        }
        let mut given = items.len();
        while sequence.next_element::<IgnoredAny>()?.is_some() {
            given += 1;
        }
        Ok(AtMost { items, given })
    }
}
