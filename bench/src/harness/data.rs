//! The keys and values that every subject is given.

use std::{hint::black_box, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Each value starts with its entry's number and its generation, so that what is read back can be told.
const NUMBER_BYTES: usize = size_of::<u64>();

/// What the values are made of: noise, so that nobody gains by compressing it.
#[derive(Debug, Clone)]
pub(crate) struct Noise(Arc<Vec<u8>>);

impl Noise {
    /// Enough for values of `len` bytes.
    pub(crate) fn new(len: usize) -> Self {
        let mut bytes = vec![0; len];
        StdRng::seed_from_u64(0).fill_bytes(&mut bytes);
        Self(Arc::new(bytes))
    }

    /// A value for entry `number`, another one for each `generation`: some stores do not write what they hold already.
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

/// The key of entry `number`, as a session's would be. Keys that are made one after the other lie far apart.
pub(crate) fn key(number: usize) -> String {
    // An odd factor, so no two numbers meet.
    format!("session:{:016x}", (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// A key that no entry has.
pub(crate) fn missing_key(number: usize) -> String {
    format!("{}-", key(number))
}

/// What was found, if it is a value of entry `number`: by its length and its start, so that looking costs next to
/// nothing.
pub(crate) fn check(found: Option<Bytes>, number: usize, len: usize) -> Result<Bytes> {
    let value = black_box(found).with_context(|| format!("entry {number} is not there"))?;
    let right = value.len() == len && value.first_chunk::<NUMBER_BYTES>() == Some(&number.to_le_bytes());
    ensure!(right, "entry {number} reads back as {} bytes that are not its value", value.len());
    Ok(value)
}

/// The entries of a workload. The keys are made beforehand, the values as they are asked for.
#[derive(Debug)]
pub(crate) struct Entries {
    noise: Noise,
    keys: Vec<String>,
    len: usize,
}

impl Entries {
    /// `count` entries with values of `len` bytes.
    pub(crate) fn new(noise: &Noise, count: usize, len: usize) -> Arc<Self> {
        Arc::new(Self { noise: noise.clone(), keys: (0..count).map(key).collect(), len })
    }

    pub(crate) fn count(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn value_len(&self) -> usize {
        self.len
    }

    /// Which number comes `step` behind `number`, starting over behind the last.
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

    /// All of them, in batches that suit a transaction.
    pub(crate) fn batches(&self, generation: u64) -> impl Iterator<Item = Vec<(String, Bytes)>> {
        let size = (BATCH_BYTES / self.len.max(1)).clamp(1, BATCH_ENTRIES);
        let entry = move |number| (self.key(number).to_owned(), self.value(number, generation));
        (0..self.count())
            .step_by(size)
            .map(move |start| (start..(start + size).min(self.count())).map(entry).collect())
    }
}

/// What a batch holds at the most.
const BATCH_BYTES: usize = 8 * 1024 * 1024;
const BATCH_ENTRIES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_value_of_the_entry_is_taken_for_it() {
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
        let entries = Entries::new(&Noise::new(128), BATCH_ENTRIES + 1, 128);
        let batches: Vec<_> = entries.batches(0).collect();
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [BATCH_ENTRIES, 1]);
        for (number, (key, value)) in batches.into_iter().flatten().enumerate() {
            assert_eq!((key.as_str(), &value), (entries.key(number), &entries.value(number, 0)));
        }
    }
}
