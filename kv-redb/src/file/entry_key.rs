//! Key of an entry in the tables: the namespace's number (4 bytes, big-endian), then the bytes of the
//! caller's key.

use kv_core::Key;
use smallvec::SmallVec;

use crate::file::stored_entry::CorruptEntry;

const NUMBER_BYTES: usize = 4;

/// Key of an entry in the tables. Up to 44 bytes of the caller's key need no allocation.
pub(crate) type EntryKey = SmallVec<[u8; 48]>;

/// Encodes the `key` of an entry of the namespace `number`.
pub(crate) fn encode(number: u32, key: &str) -> EntryKey {
    let mut bytes = EntryKey::with_capacity(NUMBER_BYTES + key.len());
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes.extend_from_slice(key.as_bytes());
    bytes
}

/// Decodes the caller's key.
pub(crate) fn decode(bytes: &[u8]) -> Result<Key<'static>, CorruptEntry> {
    let text = bytes.get(NUMBER_BYTES..).and_then(|text| std::str::from_utf8(text).ok());
    let key = text.and_then(|text| Key::new(text.to_owned()).ok());
    key.ok_or(CorruptEntry("a key in a table is invalid"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_sort_by_namespace_then_bytes(a: (u32, String), b: (u32, String)) {
            prop_assert_eq!(encode(a.0, &a.1).cmp(&encode(b.0, &b.1)), a.cmp(&b));
        }

        #[test]
        fn any_bytes_are_a_key_or_corrupt(bytes: Vec<u8>) {
            if let Ok(key) = decode(&bytes) {
                prop_assert_eq!(key.as_str().as_bytes(), &bytes[NUMBER_BYTES..]);
            }
        }
    }
}
