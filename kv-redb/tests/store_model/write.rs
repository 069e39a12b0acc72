//! What a write writes.

use std::time::Duration;

use kv_core::{Entry, Expiration, Metadata, PutEntry, PutOptions};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// On both sides of each length from which on a value is kept in another way: with pieces, with one that fills its page,
/// with an end behind it, with another piece.
const LENGTHS: [usize; 14] =
    [0, 1, 7, 8, 100, 1_024, 1_025, 4_076, 5_100, 5_101, 20_000, 70_000, 300_000, 1_200_000];
const LIFETIMES: [Option<Duration>; 3] =
    [None, Some(Duration::from_secs(60)), Some(Duration::from_secs(3_600))];
/// A value that is shorter does not say which write wrote it, so its metadata does.
const CODE_BYTES: usize = 8;
/// How much longer than its number the metadata of a write may be.
const MAX_PADDING: u64 = 900;

/// The keys that operations meet on; every fourth is as long as a key may be.
pub(crate) const KEY_COUNT: u8 = 16;

pub(crate) fn key(number: u8) -> String {
    let name = format!("ké{:03}", number % KEY_COUNT);
    if number % 4 == 3 { format!("{name:~<511}") } else { name }
}

/// How much a write writes, as places in the tables above.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Shape {
    length: u8,
    metadata: bool,
    lifetime: u8,
}

impl Shape {
    /// Shapes of values of up to `max_value_bytes` bytes; those of many bytes are rarer.
    pub(crate) fn strategy(max_value_bytes: usize) -> impl Strategy<Value = Self> {
        let lengths = LENGTHS.iter().filter(|length| **length <= max_value_bytes).count();
        let length = prop_oneof![8 => 0..lengths.min(10), 1 => 0..lengths];
        (length, any::<bool>(), 0..LIFETIMES.len()).prop_map(|(length, metadata, lifetime)| Self {
            length: u8::try_from(length).unwrap(),
            metadata,
            lifetime: u8::try_from(lifetime).unwrap(),
        })
    }
}

/// A write. All that it writes follows from it and the key, and tells it: whatever is found can be held against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Write {
    /// Given to one write alone.
    pub(crate) serial: u64,
    pub(crate) shape: Shape,
}

impl Write {
    fn code(self) -> u64 {
        let Shape { length, metadata, lifetime } = self.shape;
        self.serial << 24 | u64::from(length) << 16 | u64::from(lifetime) << 8 | u64::from(metadata)
    }

    fn from_code(code: u64) -> Self {
        let [metadata, lifetime, length, ..] = code.to_le_bytes();
        Self { serial: code >> 24, shape: Shape { length, metadata: metadata != 0, lifetime } }
    }

    pub(crate) fn lifetime(self) -> Option<Duration> {
        LIFETIMES[usize::from(self.shape.lifetime)]
    }

    /// The code, then bytes of which none stands where it would by chance.
    fn value(self, key: &str) -> Vec<u8> {
        let len = LENGTHS[usize::from(self.shape.length)];
        let code = self.code();
        let start =
            key.bytes().fold(code, |start, byte| (start ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let words = (1_u64..).map(|place| start.wrapping_add(place).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut value = Vec::with_capacity(len + CODE_BYTES);
        for word in std::iter::once(code).chain(words) {
            if value.len() >= len {
                break;
            }
            value.extend(word.to_le_bytes());
        }
        value.truncate(len);
        value
    }

    fn metadata(self) -> Option<Metadata> {
        let padding = usize::try_from(self.serial % MAX_PADDING).unwrap();
        let needed = self.shape.metadata || LENGTHS[usize::from(self.shape.length)] < CODE_BYTES;
        needed.then(|| Metadata::new(&(self.code(), "~".repeat(padding))).unwrap())
    }

    /// What to put.
    pub(crate) fn entry(self, key: &str) -> PutEntry {
        let expiration = self.lifetime().map(|lifetime| Expiration::after(lifetime).unwrap());
        let options = PutOptions::default().with_metadata(self.metadata()).with_expiration(expiration);
        PutEntry::new(key, self.value(key)).unwrap().with_options(options)
    }

    /// The write that left `entry` under `key`, whole: its value and metadata, but not yet its deadline.
    pub(crate) fn of(key: &str, entry: &Entry) -> Self {
        let code = entry.value.first_chunk().map_or_else(
            || entry.metadata.as_ref().map(|metadata| metadata.json::<(u64, String)>().unwrap().0),
            |code| Some(u64::from_le_bytes(*code)),
        );
        let write = Self::from_code(code.unwrap_or_else(|| panic!("no write left what is under {key:.9}")));
        let whole = usize::from(write.shape.length) < LENGTHS.len()
            && usize::from(write.shape.lifetime) < LIFETIMES.len()
            && entry.value == write.value(key)
            && entry.metadata == write.metadata();
        assert!(whole, "what is under {key:.9} is not all that {write:?} wrote");
        write
    }
}
