//! How an entry's record is written.
//!
//! Every record starts with the same header: a version byte, flags, the entry's version and, if it has one, its
//! deadline; numbers are big-endian. What follows depends on the table:
//!
//! - `entries`, which listing reads: the metadata's JSON text, if any.
//! - `values`: the value's bytes, or for a value in pieces its whole length and the bytes behind the last piece.

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

impl Header {
    /// Whether the entry is gone at `now`.
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|deadline| deadline.has_passed(now))
    }

    /// The record with `content` behind the header.
    pub(crate) fn encode(&self, content: &[&[u8]]) -> Vec<u8> {
        let deadline = self.expires_at.map(|deadline| deadline.as_secs().to_be_bytes());
        let flags =
            if deadline.is_some() { HAS_DEADLINE } else { 0 } | if self.in_pieces { IN_PIECES } else { 0 };
        let mut record = Vec::with_capacity(18 + content.iter().map(|part| part.len()).sum::<usize>());
        record.extend([RECORD_VERSION, flags]);
        record.extend(self.version.as_u64().to_be_bytes());
        record.extend(deadline.iter().flatten());
        for part in content {
            record.extend_from_slice(part);
        }
        record
    }

    /// The header of a record, and what follows it.
    pub(crate) fn decode(record: &[u8]) -> Result<(Self, &[u8]), Damage> {
        let [record_version, flags, rest @ ..] = record else {
            return Err(Damage("a record is cut short"));
        };
        if *record_version != RECORD_VERSION {
            return Err(Damage("a record has an unknown version"));
        }
        if flags & !(HAS_DEADLINE | IN_PIECES) != 0 {
            return Err(Damage("a record has unknown flags"));
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
pub(crate) fn take_u64(bytes: &[u8]) -> Result<(u64, &[u8]), Damage> {
    let (number, rest) = bytes.split_first_chunk().ok_or(Damage("a record is cut short"))?;
    Ok((u64::from_be_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_record_reads_as_it_was_written(
            version: u64,
            deadline in proptest::option::of(0..=Timestamp::MAX.as_secs()),
            in_pieces: bool,
            content: Vec<u8>,
        ) {
            let expires_at = deadline.map(|deadline| Timestamp::from_secs(deadline).unwrap());
            let header = Header { version: Version::new(version), expires_at, in_pieces };
            let (start, end) = content.split_at(content.len() / 2);
            let record = header.encode(&[start, end]);
            prop_assert_eq!(Header::decode(&record), Ok((header, &content[..])));
        }

        #[test]
        fn any_bytes_are_a_record_or_damage(bytes: Vec<u8>) {
            if let Ok((header, content)) = Header::decode(&bytes) {
                prop_assert_eq!(header.encode(&[content]), bytes);
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
