//! Encoding of an entry's row in the table of entries.
//!
//! | offset | length | field |
//! |---|---|---|
//! | 0 | 1 | version of the encoding: 1 |
//! | 1 | 1 | flags: 1 for an entry that expires, plus 2 for a value in chunks |
//! | 2 | 8 | version of the entry |
//! | 10 | 8 | only with flag 1: `expires_at`, in seconds since the epoch |
//! | *e* | 2 | length *m* of the metadata, at most 1,024 |
//! | *e* + 2 | *m* | metadata, JSON text |
//! | *v* | up to 1,024 | without flag 2: the value |
//! | *v* | 8 | with flag 2: length of the value |
//! | *v* + 8 | 8 | with flag 2: XXH3 hash of the chunks in a row |
//! | *v* + 16 | up to 1,024 | with flag 2: end of the value, behind its last chunk |
//! | end − 8 | 8 | checksum: XXH3 of the key in the table, plus XXH3 of the row before this field, modulo 2^64 |
//!
//! *e* is 18 with an expiry and 10 without, *v* is *e* + 2 + *m*. Numbers are big-endian. The row has a
//! checksum of its own because redb verifies those of its pages only when it repairs a file. The checksum
//! includes the key, so that it does not match a row under another key.

use kv_core::{Metadata, Timestamp, Version};
use twox_hash::XxHash3_64;

/// Entry, as its row holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredEntry<'r> {
    pub(crate) version: Version,
    pub(crate) expires_at: Option<Timestamp>,
    /// JSON text; empty without metadata.
    pub(crate) metadata: &'r [u8],
    pub(crate) value: Content<'r>,
}

/// Value of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content<'r> {
    /// Whole, in the row.
    Inline(&'r [u8]),
    /// Mostly in the table of chunks.
    Chunked(ChunkedValue<'r>),
}

/// Description of a value in chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkedValue<'r> {
    /// Length of the whole value in bytes.
    pub(crate) len: u64,
    /// XXH3 hash of the chunks.
    pub(crate) checksum: u64,
    /// Bytes behind the last chunk.
    pub(crate) end: &'r [u8],
}

/// Part of an entry that a change of it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntryHeader {
    pub(crate) version: Version,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) is_chunked: bool,
}

/// Error of a row that this version of the crate did not write, with what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CorruptEntry(pub(crate) &'static str);

/// Version of the encoding.
const ENCODING: u8 = 1;
const HAS_EXPIRY: u8 = 1;
const IS_CHUNKED: u8 = 2;
const CUT_SHORT: CorruptEntry = CorruptEntry("an entry is cut short");

impl<'r> StoredEntry<'r> {
    /// Encodes the row of the entry under `key`.
    pub(crate) fn encode(&self, key: &[u8]) -> Vec<u8> {
        let (chunked, value) = match self.value {
            Content::Inline(value) => (None, value),
            Content::Chunked(chunked) => (Some(chunked), chunked.end),
        };
        let mut row = Vec::with_capacity(40 + self.metadata.len() + value.len());
        let flag = |set: bool, flag| if set { flag } else { 0 };
        let flags = flag(self.expires_at.is_some(), HAS_EXPIRY) | flag(chunked.is_some(), IS_CHUNKED);
        row.extend([ENCODING, flags]);
        row.extend(self.version.as_u64().to_be_bytes());
        if let Some(expiry) = self.expires_at {
            row.extend(expiry.as_secs().to_be_bytes());
        }
        // Metadata has at most 1,024 bytes.
        row.extend(u16::try_from(self.metadata.len()).unwrap_or(u16::MAX).to_be_bytes());
        row.extend(self.metadata);
        if let Some(chunked) = chunked {
            row.extend(chunked.len.to_be_bytes());
            row.extend(chunked.checksum.to_be_bytes());
        }
        row.extend(value);
        let checksum = checksum(key, &row);
        row.extend(checksum.to_be_bytes());
        row
    }

    /// Decodes the row of the entry under `key`.
    pub(crate) fn decode(key: &[u8], row: &'r [u8]) -> Result<Self, CorruptEntry> {
        let (body, expected) = row.split_last_chunk().ok_or(CUT_SHORT)?;
        let ([encoding, flags], rest) = take(body)?;
        if encoding != ENCODING {
            return Err(CorruptEntry("an entry has an unknown encoding"));
        }
        if checksum(key, body) != u64::from_be_bytes(*expected) {
            return Err(CorruptEntry("an entry does not match its checksum"));
        }
        if flags & !(HAS_EXPIRY | IS_CHUNKED) != 0 {
            return Err(CorruptEntry("an entry has unknown flags"));
        }
        let (version, mut rest) = take(rest)?;
        let mut expires_at = None;
        if flags & HAS_EXPIRY != 0 {
            let (expiry, after) = take(rest)?;
            rest = after;
            let expiry = Timestamp::from_secs(u64::from_be_bytes(expiry));
            expires_at = Some(expiry.map_err(|_| CorruptEntry("an entry's expiry is out of range"))?);
        }
        let (metadata_len, rest) = take(rest)?;
        let metadata_len = usize::from(u16::from_be_bytes(metadata_len));
        let (metadata, rest) = rest.split_at_checked(metadata_len).ok_or(CUT_SHORT)?;
        let value = if flags & IS_CHUNKED == 0 {
            Content::Inline(rest)
        } else {
            let (len, rest) = take(rest)?;
            let (checksum, end) = take(rest)?;
            let len = u64::from_be_bytes(len);
            let checksum = u64::from_be_bytes(checksum);
            Content::Chunked(ChunkedValue { len, checksum, end })
        };
        Ok(Self { version: Version::new(u64::from_be_bytes(version)), expires_at, metadata, value })
    }

    /// `true` if the entry has expired. Asks for the time only if it may expire.
    pub(crate) fn is_expired<E>(&self, now: impl FnOnce() -> Result<Timestamp, E>) -> Result<bool, E> {
        self.expires_at.map_or(Ok(false), |expiry| Ok(expiry.has_passed(now()?)))
    }

    /// Returns the metadata, if the entry has some.
    pub(crate) fn metadata(&self) -> Result<Option<Metadata>, CorruptEntry> {
        if self.metadata.is_empty() {
            return Ok(None);
        }
        let text = std::str::from_utf8(self.metadata)
            .map_err(|_| CorruptEntry("an entry's metadata is not UTF-8"))?;
        let metadata = Metadata::from_stored(text);
        metadata.map(Some).map_err(|_| CorruptEntry("an entry's metadata is too long"))
    }

    /// Returns the header.
    pub(crate) fn header(&self) -> EntryHeader {
        let is_chunked = matches!(self.value, Content::Chunked(_));
        EntryHeader { version: self.version, expires_at: self.expires_at, is_chunked }
    }
}

impl EntryHeader {
    /// `true` if the entry has expired at `now`.
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expiry| expiry.has_passed(now))
    }
}

/// Returns the checksum of an entry: the sum of the XXH3 hashes of its key and of its row.
fn checksum(key: &[u8], body: &[u8]) -> u64 {
    XxHash3_64::oneshot(key).wrapping_add(XxHash3_64::oneshot(body))
}

/// Splits off the first `N` bytes.
fn take<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), CorruptEntry> {
    let (first, rest) = bytes.split_first_chunk().ok_or(CUT_SHORT)?;
    Ok((*first, rest))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::Index};

    use super::*;

    prop_compose! {
        fn entries()(
            version: u64,
            expiry in option::of(0..=Timestamp::MAX.as_secs()),
            metadata in vec(any::<u8>(), 0..=1_024),
            chunked: Option<(u64, u64)>,
            bytes: Vec<u8>,
        ) -> (u64, Option<u64>, Vec<u8>, Option<(u64, u64)>, Vec<u8>) {
            (version, expiry, metadata, chunked, bytes)
        }
    }

    fn entry<'r>(
        version: u64,
        expiry: Option<u64>,
        metadata: &'r [u8],
        chunked: Option<(u64, u64)>,
        bytes: &'r [u8],
    ) -> StoredEntry<'r> {
        let value = match chunked {
            None => Content::Inline(bytes),
            Some((len, checksum)) => Content::Chunked(ChunkedValue { len, checksum, end: bytes }),
        };
        let expires_at = expiry.map(|expiry| Timestamp::from_secs(expiry).unwrap());
        StoredEntry { version: Version::new(version), expires_at, metadata, value }
    }

    #[test]
    fn a_row_has_the_documented_layout() {
        let row = entry(0x0102, Some(0x0304), b"[1]", Some((0x0506, 0x0708)), b"end").encode(b"key");
        let fields: [(&str, usize, &[u8]); 9] = [
            ("encoding", 0, &[1]),
            ("flags", 1, &[3]),
            ("version", 2, &[0, 0, 0, 0, 0, 0, 1, 2]),
            ("expiry", 10, &[0, 0, 0, 0, 0, 0, 3, 4]),
            ("length of the metadata", 18, &[0, 3]),
            ("metadata", 20, b"[1]"),
            ("length of the value", 23, &[0, 0, 0, 0, 0, 0, 5, 6]),
            ("hash of the chunks", 31, &[0, 0, 0, 0, 0, 0, 7, 8]),
            ("end of the value", 39, b"end"),
        ];
        for (field, offset, bytes) in fields {
            assert_eq!(&row[offset..offset + bytes.len()], bytes, "{field}");
        }
        assert_eq!(row[42..], checksum(b"key", &row[..42]).to_be_bytes());

        let row = entry(1, None, b"", None, b"value").encode(b"key");
        assert_eq!(row[..17], *b"\x01\x00\0\0\0\0\0\0\0\x01\0\0value");
        assert_eq!(row.len(), 17 + 8);
    }

    proptest! {
        #[test]
        fn an_entry_reads_as_it_was_written(
            (version, expiry, metadata, chunked, bytes) in entries(),
            key: Vec<u8>,
        ) {
            let entry = entry(version, expiry, &metadata, chunked, &bytes);
            let encoded = entry.encode(&key);
            prop_assert_eq!(StoredEntry::decode(&key, &encoded), Ok(entry));
        }

        #[test]
        fn a_changed_byte_or_another_key_is_corrupt(
            (version, expiry, metadata, chunked, bytes) in entries(),
            place: Index,
            change in 1..=u8::MAX,
        ) {
            let mut row = entry(version, expiry, &metadata, chunked, &bytes).encode(b"key");
            prop_assert!(StoredEntry::decode(b"kez", &row).is_err());
            let place = place.index(row.len());
            row[place] ^= change;
            prop_assert!(StoredEntry::decode(b"key", &row).is_err());
        }

        #[test]
        fn an_entry_that_lacks_its_end_is_corrupt(
            (version, expiry, metadata, chunked, bytes) in entries(),
            len: Index,
        ) {
            let row = entry(version, expiry, &metadata, chunked, &bytes).encode(b"key");
            prop_assert!(StoredEntry::decode(b"key", &row[..len.index(row.len())]).is_err());
        }

        #[test]
        fn any_bytes_are_an_entry_or_corrupt(key: Vec<u8>, mut bytes: Vec<u8>, sealed: bool) {
            if sealed {
                // Bytes that get past the checksum.
                let checksum = checksum(&key, &bytes);
                bytes.extend(checksum.to_be_bytes());
            }
            if let Ok(entry) = StoredEntry::decode(&key, &bytes) {
                prop_assert_eq!(&entry.encode(&key), &bytes);
                let _ = entry.metadata();
            }
        }
    }
}
