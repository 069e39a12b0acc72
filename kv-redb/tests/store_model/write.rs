//! Writes that can be recognized from the entries that they leave.

use std::time::Duration;

use kv_core::{Entry, Expiration, Metadata, PutEntry, PutOptions};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// Lengths on both sides of each limit at which a value is stored in another way: in chunks, with a chunk
/// that fills its page, with a rest behind it, with one more chunk.
const LENGTHS: [usize; 14] =
    [0, 1, 7, 8, 100, 1_024, 1_025, 4_076, 5_100, 5_101, 20_000, 70_000, 300_000, 1_200_000];
const LIFETIMES: [Option<Duration>; 3] =
    [None, Some(Duration::from_secs(60)), Some(Duration::from_secs(3_600))];
/// Length of the code that starts a value. The code of a shorter value is in its metadata.
const CODE_BYTES: usize = 8;
/// Most characters that pad the metadata of a write.
const MAX_PADDING: u64 = 900;

/// Number of keys. Few, so that operations meet on them; every fourth key has the maximum length.
pub(crate) const KEY_COUNT: u8 = 16;

pub(crate) fn key(number: u8) -> String {
    let name = format!("ké{:03}", number % KEY_COUNT);
    if number % 4 == 3 { format!("{name:~<511}") } else { name }
}

/// Sizes of a write, as indices into the tables above.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Shape {
    length: u8,
    metadata: bool,
    lifetime: u8,
}

impl Shape {
    /// Draws shapes of values of up to `max_value_bytes` bytes; long ones are rarer.
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

/// Write whose value and metadata follow from it and the key, so that any entry can be checked against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Write {
    /// Number that no other write has.
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

    /// Returns the code, then bytes that differ at each position and between keys.
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

    /// Returns the entry to put.
    pub(crate) fn entry(self, key: &str) -> PutEntry {
        let expiration = self.lifetime().map(|lifetime| Expiration::after(lifetime).unwrap());
        let options = PutOptions::default().with_metadata(self.metadata()).with_expiration(expiration);
        PutEntry::new(key, self.value(key)).unwrap().with_options(options)
    }

    /// Returns the write that left `entry` under `key`, and checks value and metadata, but not the expiry.
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
