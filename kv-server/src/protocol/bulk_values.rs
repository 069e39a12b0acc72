//! Values of a bulk get.

use kv_core::{Entry, Error, GetOptions, Key, KvNamespace, limits::MAX_VALUE_BYTES};

use crate::{
    http::memory::{Memory, MemoryError, Reservation, UNRESERVED_BYTES},
    protocol::{dedup, query::excerpt},
};

/// Maximum number of keys of a bulk get.
pub(crate) const MAX_KEYS: usize = 100;
/// Keys per read, where memory for as many values of the largest size can be reserved. A larger batch would
/// read more values in vain when they exceed the limit of a response.
const MAX_BATCH_KEYS: usize = 10;

/// Error of a bulk get, in Cloudflare's own words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BulkGetError {
    #[error("\"{0}\" is not a valid type. Use \"json\" or \"text\"")]
    UnknownType(String),
    #[error("You must request a minimum of 1 key")]
    NoKeys,
    #[error("You can request a maximum of {MAX_KEYS} keys")]
    TooManyKeys,
    #[error("Total size of request exceeds the limit of 25MB")]
    TooLarge,
    #[error("At least one of the requested keys corresponds to a non-json value")]
    NotJson,
    #[error(transparent)]
    Memory(#[from] MemoryError),
    #[error(transparent)]
    Store(#[from] Error),
}

/// Form in which a bulk get returns values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueType {
    /// Strings, with U+FFFD in place of malformed UTF-8, as the binding decodes text.
    Text,
    /// Values that are JSON, as they are.
    Json,
}

impl ValueType {
    /// Parses the name of a type; text by default.
    pub(crate) fn parse(name: Option<&str>) -> Result<Self, BulkGetError> {
        match name {
            None | Some("" | "text") => Ok(Self::Text),
            Some("json") => Ok(Self::Json),
            Some(other) => Err(BulkGetError::UnknownType(excerpt(other))),
        }
    }
}

/// Checks the number of keys.
pub(crate) fn check_count(keys: usize) -> Result<(), BulkGetError> {
    match keys {
        0 => Err(BulkGetError::NoKeys),
        1..=MAX_KEYS => Ok(()),
        _ => Err(BulkGetError::TooManyKeys),
    }
}

/// Entries of a bulk get, whose values have at most 25 MiB together.
#[derive(Debug)]
pub(crate) struct BulkValues {
    pub(crate) entries: Vec<(Key<'static>, Option<Entry>)>,
    /// Total length of the values.
    pub(crate) bytes: usize,
}

impl BulkValues {
    /// Reads `keys`, without duplicates, into reserved memory.
    pub(crate) async fn read(
        memory: &Memory,
        namespace: &dyn KvNamespace,
        keys: Vec<Key<'static>>,
        with_metadata: bool,
    ) -> Result<(Self, Reservation), BulkGetError> {
        // JSON is text too.
        let options = GetOptions::default().with_metadata(with_metadata).with_text(true);
        let keys = &*dedup::keys(keys);
        let read = async |batch: usize, limit: usize| {
            let values = Self::read_within(namespace, keys, options, batch, limit).await?;
            let bytes = values.as_ref().map_or(0, |values| values.bytes);
            Ok::<_, BulkGetError>((values, bytes))
        };
        let batches = [MAX_BATCH_KEYS.min(keys.len()), 1];
        let reserved =
            batches.into_iter().find_map(|batch| Some((batch, memory.try_reserve(max_bytes(batch))?)));
        let (batch, mut reservation) = match reserved {
            Some(reserved) => reserved,
            None => match memory.probe(read(1, UNRESERVED_BYTES)).await? {
                Some((Some(values), reservation)) => return Ok((values, reservation)),
                // The values are large, and dropped. They are read again with a reservation.
                _ => (1, memory.reserve(max_bytes(1)).await?),
            },
        };
        let (values, bytes) = read(batch, MAX_VALUE_BYTES).await?;
        reservation.shrink(bytes);
        Ok((values.ok_or(BulkGetError::TooLarge)?, reservation))
    }

    /// Reads `keys` in batches; `None` if the values have more than `limit` bytes together.
    async fn read_within(
        namespace: &dyn KvNamespace,
        keys: &[Key<'static>],
        options: GetOptions,
        batch: usize,
        limit: usize,
    ) -> Result<Option<Self>, Error> {
        let mut values = Self { entries: Vec::with_capacity(keys.len()), bytes: 0 };
        for keys in keys.chunks(batch) {
            let read = namespace.read_many(keys.to_vec(), options).await?;
            values.bytes += read.iter().flatten().map(|entry| entry.value.len()).sum::<usize>();
            if values.bytes > limit {
                return Ok(None);
            }
            values.entries.extend(keys.iter().cloned().zip(read));
        }
        Ok(Some(values))
    }
}

/// Returns the maximum that a bulk get holds while it reads batches of this length.
const fn max_bytes(batch: usize) -> usize {
    (batch + 1) * MAX_VALUE_BYTES
}
