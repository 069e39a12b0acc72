//! How an entry's record is written.
//!
//! A version byte, flags, the entry's version, its deadline if it has one, the metadata's length and JSON text, then the
//! value, or for a value in pieces its length, the checksum of the pieces, and the bytes behind the last piece. Numbers
//! are big-endian. Last comes a checksum of the entry's key and all of that, since redb holds its own checksums against a
//! page only when it repairs a file.

use kv_core::{Metadata, Timestamp, Version};
use twox_hash::XxHash3_64;

/// What the table of entries has of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record<'r> {
    pub(crate) version: Version,
    pub(crate) expires_at: Option<Timestamp>,
    /// JSON text; empty is none.
    pub(crate) metadata: &'r [u8],
    pub(crate) value: Content<'r>,
}

/// Where a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content<'r> {
    /// Here.
    Whole(&'r [u8]),
    /// Most of it lies in the `pieces` table.
    Pieces(Pieces<'r>),
}

/// What the record of a value in pieces has of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pieces<'r> {
    /// The whole value's length.
    pub(crate) len: u64,
    /// The XXH3 hash of the pieces.
    pub(crate) checksum: u64,
    /// The bytes behind the last piece.
    pub(crate) end: &'r [u8],
}

/// What a change of an entry has to know of what was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: Version,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) in_pieces: bool,
}

/// A record that this version of the crate did not write: it names what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damage(pub(crate) &'static str);

const RECORD_VERSION: u8 = 1;
const HAS_DEADLINE: u8 = 1;
const IN_PIECES: u8 = 2;
const CUT_SHORT: Damage = Damage("a record is cut short");

impl<'r> Record<'r> {
    /// The record of what is `key` in the tables.
    pub(crate) fn encode(&self, key: &[u8]) -> Vec<u8> {
        let (in_pieces, value) = match self.value {
            Content::Whole(value) => (None, value),
            Content::Pieces(pieces) => (Some(pieces), pieces.end),
        };
        let mut record = Vec::with_capacity(40 + self.metadata.len() + value.len());
        let flag = |set: bool, flag| if set { flag } else { 0 };
        let flags = flag(self.expires_at.is_some(), HAS_DEADLINE) | flag(in_pieces.is_some(), IN_PIECES);
        record.extend([RECORD_VERSION, flags]);
        record.extend(self.version.as_u64().to_be_bytes());
        if let Some(deadline) = self.expires_at {
            record.extend(deadline.as_secs().to_be_bytes());
        }
        // Metadata has at most 1,024 bytes.
        record.extend(u16::try_from(self.metadata.len()).unwrap_or(u16::MAX).to_be_bytes());
        record.extend(self.metadata);
        if let Some(pieces) = in_pieces {
            record.extend(pieces.len.to_be_bytes());
            record.extend(pieces.checksum.to_be_bytes());
        }
        record.extend(value);
        let checksum = checksum(key, &record);
        record.extend(checksum.to_be_bytes());
        record
    }

    /// What `record` says of what is `key` in the tables.
    pub(crate) fn decode(key: &[u8], record: &'r [u8]) -> Result<Self, Damage> {
        let (body, expected) = record.split_last_chunk().ok_or(CUT_SHORT)?;
        let ([record_version, flags], rest) = take(body)?;
        if record_version != RECORD_VERSION {
            return Err(Damage("a record has an unknown version"));
        }
        if checksum(key, body) != u64::from_be_bytes(*expected) {
            return Err(Damage("a record does not match its checksum"));
        }
        if flags & !(HAS_DEADLINE | IN_PIECES) != 0 {
            return Err(Damage("a record has unknown flags"));
        }
        let (version, mut rest) = take(rest)?;
        let mut expires_at = None;
        if flags & HAS_DEADLINE != 0 {
            let (deadline, after) = take(rest)?;
            rest = after;
            let deadline = Timestamp::from_secs(u64::from_be_bytes(deadline));
            expires_at = Some(deadline.map_err(|_| Damage("a record's deadline is no time"))?);
        }
        let (metadata_len, rest) = take(rest)?;
        let metadata_len = usize::from(u16::from_be_bytes(metadata_len));
        let (metadata, rest) = rest.split_at_checked(metadata_len).ok_or(CUT_SHORT)?;
        let value = if flags & IN_PIECES == 0 {
            Content::Whole(rest)
        } else {
            let (len, rest) = take(rest)?;
            let (checksum, end) = take(rest)?;
            let len = u64::from_be_bytes(len);
            let checksum = u64::from_be_bytes(checksum);
            Content::Pieces(Pieces { len, checksum, end })
        };
        Ok(Self { version: Version::new(u64::from_be_bytes(version)), expires_at, metadata, value })
    }

    /// Whether the entry is there no more. Asks for the time only if it may expire.
    pub(crate) fn is_expired<E>(&self, now: impl FnOnce() -> Result<Timestamp, E>) -> Result<bool, E> {
        self.expires_at.map_or(Ok(false), |deadline| Ok(deadline.has_passed(now()?)))
    }

    pub(crate) fn metadata(&self) -> Result<Option<Metadata>, Damage> {
        if self.metadata.is_empty() {
            return Ok(None);
        }
        let text =
            std::str::from_utf8(self.metadata).map_err(|_| Damage("a record's metadata is not text"))?;
        let metadata = Metadata::from_stored(text);
        metadata.map(Some).map_err(|_| Damage("a record's metadata is longer than metadata may be"))
    }

    pub(crate) fn header(&self) -> Header {
        let in_pieces = matches!(self.value, Content::Pieces(_));
        Header { version: self.version, expires_at: self.expires_at, in_pieces }
    }
}

impl Header {
    /// Whether the entry is gone at `now`.
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|deadline| deadline.has_passed(now))
    }
}

/// The sum of both XXH3 hashes: a change of either changes it.
fn checksum(key: &[u8], body: &[u8]) -> u64 {
    XxHash3_64::oneshot(key).wrapping_add(XxHash3_64::oneshot(body))
}

/// The first bytes, and what follows them.
fn take<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), Damage> {
    let (first, rest) = bytes.split_first_chunk().ok_or(CUT_SHORT)?;
    Ok((*first, rest))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::Index};

    use super::*;

    prop_compose! {
        fn records()(
            version: u64,
            deadline in option::of(0..=Timestamp::MAX.as_secs()),
            metadata in vec(any::<u8>(), 0..=1_024),
            pieces: Option<(u64, u64)>,
            bytes: Vec<u8>,
        ) -> (u64, Option<u64>, Vec<u8>, Option<(u64, u64)>, Vec<u8>) {
            (version, deadline, metadata, pieces, bytes)
        }
    }

    fn record<'r>(
        version: u64,
        deadline: Option<u64>,
        metadata: &'r [u8],
        pieces: Option<(u64, u64)>,
        bytes: &'r [u8],
    ) -> Record<'r> {
        let value = match pieces {
            None => Content::Whole(bytes),
            Some((len, checksum)) => Content::Pieces(Pieces { len, checksum, end: bytes }),
        };
        let expires_at = deadline.map(|deadline| Timestamp::from_secs(deadline).unwrap());
        Record { version: Version::new(version), expires_at, metadata, value }
    }

    proptest! {
        #[test]
        fn a_record_reads_as_it_was_written(
            (version, deadline, metadata, pieces, bytes) in records(),
            key: Vec<u8>,
        ) {
            let record = record(version, deadline, &metadata, pieces, &bytes);
            let encoded = record.encode(&key);
            prop_assert_eq!(Record::decode(&key, &encoded), Ok(record));
        }

        #[test]
        fn a_changed_byte_or_another_key_is_damage(
            (version, deadline, metadata, pieces, bytes) in records(),
            place: Index,
            change in 1..=u8::MAX,
        ) {
            let mut record = record(version, deadline, &metadata, pieces, &bytes).encode(b"key");
            prop_assert!(Record::decode(b"kez", &record).is_err());
            let place = place.index(record.len());
            record[place] ^= change;
            prop_assert!(Record::decode(b"key", &record).is_err());
        }

        #[test]
        fn a_record_that_lacks_its_end_is_damage(
            (version, deadline, metadata, pieces, bytes) in records(),
            len: Index,
        ) {
            let record = record(version, deadline, &metadata, pieces, &bytes).encode(b"key");
            prop_assert!(Record::decode(b"key", &record[..len.index(record.len())]).is_err());
        }

        #[test]
        fn any_bytes_are_a_record_or_damage(key: Vec<u8>, mut bytes: Vec<u8>, sealed: bool) {
            if sealed {
                // Bytes that get past the checksum.
                let checksum = checksum(&key, &bytes);
                bytes.extend(checksum.to_be_bytes());
            }
            if let Ok(record) = Record::decode(&key, &bytes) {
                prop_assert_eq!(&record.encode(&key), &bytes);
                let _ = record.metadata();
            }
        }
    }
}
