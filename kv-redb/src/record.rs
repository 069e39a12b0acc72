//! How an entry's record is written.
//!
//! Every record starts with the same header: a version byte, flags, a checksum, the entry's version and, if it has one,
//! its deadline; numbers are big-endian. The checksum is the CRC-32 of the entry's key and all of the record but itself,
//! since redb holds its own against a page only when it repairs a file. What follows depends on the table:
//!
//! - `entries`, which listing reads: the metadata's JSON text, if any.
//! - `values`: the value's bytes, or for a value in pieces its whole length, the checksum of the pieces, and the bytes
//!   behind the last piece.

use kv_core::{Metadata, Timestamp, Version};

/// What a record says of its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: Version,
    pub(crate) expires_at: Option<Timestamp>,
    /// Whether most of the value lies in the `pieces` table.
    pub(crate) in_pieces: bool,
}

/// A record that this version of the crate did not write: it names what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damage(pub(crate) &'static str);

const RECORD_VERSION: u8 = 1;
const HAS_DEADLINE: u8 = 1;
const IN_PIECES: u8 = 2;
/// The version byte and the flags.
const START_BYTES: usize = 2;
const CHECKSUM_BYTES: usize = 4;

impl Header {
    /// Whether the entry is gone at `now`.
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|deadline| deadline.has_passed(now))
    }

    /// The record of what is `key` in the tables, with `content` behind the header.
    pub(crate) fn encode(&self, key: &[u8], content: &[&[u8]]) -> Vec<u8> {
        let deadline = self.expires_at.map(|deadline| deadline.as_secs().to_be_bytes());
        let flags =
            if deadline.is_some() { HAS_DEADLINE } else { 0 } | if self.in_pieces { IN_PIECES } else { 0 };
        let start = [RECORD_VERSION, flags];
        let version = self.version.as_u64().to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![&version];
        parts.extend(deadline.as_ref().map(|deadline| &deadline[..]));
        parts.extend(content);
        let checksum = checksum(start, key, &parts).to_be_bytes();
        [&[&start[..], &checksum], &parts[..]].concat().concat()
    }

    /// The header of the record of what is `key` in the tables, and what follows it.
    pub(crate) fn decode<'r>(key: &[u8], record: &'r [u8]) -> Result<(Self, &'r [u8]), Damage> {
        let short = Damage("a record is cut short");
        let (start, rest) = record.split_first_chunk::<START_BYTES>().ok_or(short)?;
        let (expected, rest) = rest.split_first_chunk::<CHECKSUM_BYTES>().ok_or(short)?;
        let [record_version, flags] = *start;
        if record_version != RECORD_VERSION {
            return Err(Damage("a record has an unknown version"));
        }
        if flags & !(HAS_DEADLINE | IN_PIECES) != 0 {
            return Err(Damage("a record has unknown flags"));
        }
        if checksum(*start, key, &[rest]) != u32::from_be_bytes(*expected) {
            return Err(Damage("a record does not match its checksum"));
        }
        let (version, mut rest) = take_u64(rest)?;
        let mut expires_at = None;
        if flags & HAS_DEADLINE != 0 {
            let (deadline, after) = take_u64(rest)?;
            rest = after;
            expires_at =
                Some(Timestamp::from_secs(deadline).map_err(|_| Damage("a record's deadline is no time"))?);
        }
        Ok((Self { version: Version::new(version), expires_at, in_pieces: flags & IN_PIECES != 0 }, rest))
    }
}

fn checksum(start: [u8; START_BYTES], key: &[u8], parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&start);
    hasher.update(key);
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}

/// What the record of a value in pieces holds behind its header.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pieces<'r> {
    /// The whole value's length.
    pub(crate) len: u64,
    /// The CRC-32 of the pieces.
    pub(crate) checksum: u32,
    /// The bytes behind the last piece.
    pub(crate) end: &'r [u8],
}

impl<'r> Pieces<'r> {
    /// The parts of the content, for [`Header::encode`].
    pub(crate) fn encode(&self) -> ([u8; 8], [u8; 4]) {
        (self.len.to_be_bytes(), self.checksum.to_be_bytes())
    }

    pub(crate) fn decode(content: &'r [u8]) -> Result<Self, Damage> {
        let (len, rest) = take_u64(content)?;
        let (checksum, end) = rest.split_first_chunk().ok_or(Damage("a record is cut short"))?;
        Ok(Self { len, checksum: u32::from_be_bytes(*checksum), end })
    }
}

/// The metadata behind the header of a record in `entries`.
pub(crate) fn decode_metadata(content: &[u8]) -> Result<Option<Metadata>, Damage> {
    if content.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(content).map_err(|_| Damage("a record's metadata is not text"))?;
    Metadata::parse(text)
        .map(Some)
        .map_err(|_| Damage("a record's metadata is not JSON of at most 1,024 bytes"))
}

/// A number at the start of `bytes`, and what follows it.
fn take_u64(bytes: &[u8]) -> Result<(u64, &[u8]), Damage> {
    let (number, rest) = bytes.split_first_chunk().ok_or(Damage("a record is cut short"))?;
    Ok((u64::from_be_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(version: u64, deadline: Option<u64>, in_pieces: bool) -> Header {
        let expires_at = deadline.map(|deadline| Timestamp::from_secs(deadline).unwrap());
        Header { version: Version::new(version), expires_at, in_pieces }
    }

    proptest! {
        #[test]
        fn a_record_reads_as_it_was_written(
            version: u64,
            deadline in proptest::option::of(0..=Timestamp::MAX.as_secs()),
            in_pieces: bool,
            key: Vec<u8>,
            content: Vec<u8>,
        ) {
            let header = header(version, deadline, in_pieces);
            let (start, end) = content.split_at(content.len() / 2);
            let record = header.encode(&key, &[start, end]);
            prop_assert_eq!(Header::decode(&key, &record), Ok((header, &content[..])));
        }

        #[test]
        fn a_changed_byte_or_another_key_is_damage(
            deadline in proptest::option::of(0..=Timestamp::MAX.as_secs()),
            content: Vec<u8>,
            place: proptest::sample::Index,
            change in 1..=u8::MAX,
        ) {
            let mut record = header(7, deadline, false).encode(b"key", &[&content]);
            prop_assert!(Header::decode(b"kez", &record).is_err());
            let place = place.index(record.len());
            record[place] ^= change;
            prop_assert!(Header::decode(b"key", &record).is_err());
        }

        #[test]
        fn any_bytes_are_a_record_or_damage(key: Vec<u8>, bytes: Vec<u8>) {
            if let Ok((header, content)) = Header::decode(&key, &bytes) {
                prop_assert_eq!(header.encode(&key, &[content]), bytes);
            }
        }

        #[test]
        fn any_bytes_are_what_pieces_need_or_damage(bytes: Vec<u8>) {
            if let Ok(pieces) = Pieces::decode(&bytes) {
                let (len, checksum) = pieces.encode();
                prop_assert_eq!([&len[..], &checksum, pieces.end].concat(), bytes);
            }
        }

        #[test]
        fn any_bytes_are_metadata_or_damage(bytes: Vec<u8>) {
            if let Ok(Some(metadata)) = decode_metadata(&bytes) {
                prop_assert!(metadata.as_str().len() <= bytes.len());
            }
        }
    }
}
