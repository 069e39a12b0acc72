//! Many values of which one answer is made, as they are read for a bulk get.

use kv_core::{Entry, Error, GetOptions, Key, KvNamespace, limits::MAX_VALUE_BYTES};

use crate::{
    http::memory::{Memory, NoMemoryError, Reservation, UNRESERVED_BYTES},
    protocol::dedup,
};

/// The most keys of a bulk get.
pub(crate) const MAX_KEYS: usize = 100;
/// Most values that are read at once, where there is room for as many of the largest. What they hold beyond the limit of an
/// answer is read for nothing.
const READ_AT_ONCE: usize = 10;
/// The most characters of a client's own text that a message repeats.
const MAX_QUOTED_CHARS: usize = 64;

/// Reason for which a bulk get fails, in the service's own words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BulkGetError {
    #[error("\"{0}\" is not a valid type. Use \"json\" or \"text\"")]
    UnknownType(String),
    #[error("You must request a minimum of 1 key")]
    NoKeys,
    #[error("You can request a maximum of {MAX_KEYS} keys")]
    TooManyKeys,
    #[error("Total size of request exceeds the limit of 25MB")]
    TooLong,
    #[error("At least one of the requested keys corresponds to a non-json value")]
    NotJson,
    #[error(transparent)]
    NoMemoryError(#[from] NoMemoryError),
    #[error(transparent)]
    Store(#[from] Error),
}

/// As what a bulk get wants its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueType {
    /// As strings, with U+FFFD for what is not UTF-8, as the binding decodes text.
    Text,
    /// As the JSON that they are.
    Json,
}

impl ValueType {
    /// The type of that name; text if there is none.
    pub(crate) fn parse(name: Option<&str>) -> Result<Self, BulkGetError> {
        match name {
            None | Some("" | "text") => Ok(Self::Text),
            Some("json") => Ok(Self::Json),
            Some(other) => Err(BulkGetError::UnknownType(other.chars().take(MAX_QUOTED_CHARS).collect())),
        }
    }
}

/// Fails unless that many keys may be asked for.
pub(crate) fn check_count(keys: usize) -> Result<(), BulkGetError> {
    match keys {
        0 => Err(BulkGetError::NoKeys),
        1..=MAX_KEYS => Ok(()),
        _ => Err(BulkGetError::TooManyKeys),
    }
}

/// The entries of a bulk get, whose values have 25 MiB together at most.
#[derive(Debug)]
pub(crate) struct BulkValues {
    pub(crate) entries: Vec<(Key<'static>, Option<Entry>)>,
    /// Bytes of the values together.
    pub(crate) bytes: usize,
}

impl BulkValues {
    /// Reads `keys`, each once, into room of `memory`.
    pub(crate) async fn read(
        memory: &Memory,
        namespace: &dyn KvNamespace,
        keys: Vec<Key<'static>>,
        with_metadata: bool,
    ) -> Result<(Self, Reservation), BulkGetError> {
        // They are to be shown as text or as JSON, which is text.
        let options = GetOptions::default().with_metadata(with_metadata).with_text(true);
        let keys = &*dedup::keys(keys);
        let read = async |at_once: usize, limit: usize| {
            let values = Self::read_within(namespace, keys, options, at_once, limit).await?;
            let bytes = values.as_ref().map_or(0, |values| values.bytes);
            Ok::<_, BulkGetError>((values, bytes))
        };
        let at_once = [READ_AT_ONCE.min(keys.len()), 1];
        let reserved =
            at_once.iter().find_map(|at_once| Some((*at_once, memory.try_reserve(most(*at_once))?)));
        let (at_once, mut room) = match reserved {
            Some(reserved) => reserved,
            None => match memory.probe(read(1, UNRESERVED_BYTES)).await? {
                Some((Some(values), room)) => return Ok((values, room)),
                // They are large. They are read again once there is room for them.
                _ => (1, memory.reserve(most(1)).await?),
            },
        };
        let (values, bytes) = read(at_once, MAX_VALUE_BYTES).await?;
        room.shrink(bytes);
        Ok((values.ok_or(BulkGetError::TooLong)?, room))
    }

    /// Reads `keys`, so many at once; `None` if the values have more than `limit` bytes together.
    async fn read_within(
        namespace: &dyn KvNamespace,
        keys: &[Key<'static>],
        options: GetOptions,
        at_once: usize,
        limit: usize,
    ) -> Result<Option<Self>, Error> {
        let mut values = Self { entries: Vec::with_capacity(keys.len()), bytes: 0 };
        for keys in keys.chunks(at_once) {
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

/// The most bytes that are held while so many values are read at once.
const fn most(at_once: usize) -> usize {
    (at_once + 1) * MAX_VALUE_BYTES
}
