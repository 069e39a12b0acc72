//! Keys and values, the same for every subject.

use std::{hint::black_box, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Bytes of the entry's number, with which each value starts, followed by its generation: a wrong value is
/// recognised.
const NUMBER_BYTES: usize = size_of::<u64>();

/// Random bytes that values are cut from, so that compression gains nothing.
#[derive(Debug, Clone)]
pub(crate) struct Noise(Arc<Vec<u8>>);

impl Noise {
    /// Generates enough for values of `len` bytes.
    pub(crate) fn new(len: usize) -> Self {
        let mut bytes = vec![0; len];
        StdRng::seed_from_u64(0).fill_bytes(&mut bytes);
        Self(Arc::new(bytes))
    }

    /// Returns the value of entry `number`, different for each `generation`: `SQLite` skips writing an
    /// unchanged row.
    pub(crate) fn value(&self, number: usize, generation: u64, len: usize) -> Bytes {
        let start = (number * 4_099) % (self.0.len().saturating_sub(len) + 1);
        let mut value = self.0.get(start..start + len).unwrap_or_default().to_vec();
        let stamp = number.to_le_bytes().into_iter().chain(generation.to_le_bytes());
        for (byte, stamp) in value.iter_mut().zip(stamp) {
            *byte = stamp;
        }
        value.into()
    }
}

/// Returns the key of entry `number`, in the form of a session's key. Successive keys are far apart in key
/// order.
pub(crate) fn key(number: usize) -> String {
    // The factor is odd, so all keys differ.
    format!("session:{:016x}", (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Returns a key that is absent from every store.
pub(crate) fn missing_key(number: usize) -> String {
    format!("{}-", key(number))
}

/// Returns the value that was found, or an error unless it is one of entry `number`. Compares the length and
/// the first bytes alone, which costs next to nothing.
pub(crate) fn check(found: Option<Bytes>, number: usize, len: usize) -> Result<Bytes> {
    let value = black_box(found).with_context(|| format!("entry {number} is missing"))?;
    let is_right = value.len() == len && value.first_chunk::<NUMBER_BYTES>() == Some(&number.to_le_bytes());
    ensure!(is_right, "entry {number} has a wrong value of {} bytes (expected {len})", value.len());
    Ok(value)
}

/// Entries of a workload. Keys are generated in advance, values on demand.
#[derive(Debug)]
pub(crate) struct Entries {
    noise: Noise,
    keys: Vec<String>,
    len: usize,
}

impl Entries {
    /// Generates `count` entries with values of `len` bytes.
    pub(crate) fn new(noise: &Noise, count: usize, len: usize) -> Arc<Self> {
        Arc::new(Self { noise: noise.clone(), keys: (0..count).map(key).collect(), len })
    }

    pub(crate) fn count(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn value_len(&self) -> usize {
        self.len
    }

    /// Returns the number `step` entries after `number`, starting again after the last.
    pub(crate) fn after(&self, number: usize, step: usize) -> usize {
        (number + step) % self.keys.len()
    }

    #[expect(clippy::indexing_slicing, reason = "a workload asks for the numbers it has")]
    pub(crate) fn key(&self, number: usize) -> &str {
        &self.keys[number]
    }

    pub(crate) fn value(&self, number: usize, generation: u64) -> Bytes {
        self.noise.value(number, generation, self.len)
    }

    /// Returns all entries, in batches that suit a transaction.
    pub(crate) fn batches(&self, generation: u64) -> impl Iterator<Item = Vec<(String, Bytes)>> {
        let size = (MAX_BATCH_BYTES / self.len.max(1)).clamp(1, MAX_BATCH_ENTRIES);
        let entry = move |number| (self.key(number).to_owned(), self.value(number, generation));
        (0..self.count())
            .step_by(size)
            .map(move |start| (start..(start + size).min(self.count())).map(entry).collect())
    }
}

/// Most bytes of values in a batch.
const MAX_BATCH_BYTES: usize = 8 * 1024 * 1024;
/// Most entries in a batch.
const MAX_BATCH_ENTRIES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_entry_is_an_error() {
        let noise = Noise::new(1000);
        for len in [128, 1000] {
            let value = noise.value(7, 1, len);
            assert!(check(Some(value.clone()), 7, len).is_ok());
            assert!(check(Some(value.clone()), 8, len).is_err());
            assert!(check(Some(value.slice(1..)), 7, len).is_err());
            assert!(check(None, 7, len).is_err());
            assert_ne!(value, noise.value(7, 2, len));
        }
    }

    #[test]
    fn the_batches_hold_every_entry_once() {
        let entries = Entries::new(&Noise::new(128), MAX_BATCH_ENTRIES + 1, 128);
        let batches: Vec<_> = entries.batches(0).collect();
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [MAX_BATCH_ENTRIES, 1]);
        for (number, (key, value)) in batches.into_iter().flatten().enumerate() {
            assert_eq!((key.as_str(), &value), (entries.key(number), &entries.value(number, 0)));
        }
    }
}
