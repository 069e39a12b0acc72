//! Check of the tables of a closed file, read with redb alone: they have to agree with each other.
//!
//! The layout is written down a second time here, so that an unintended change of it fails a test.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::Hasher,
};

use redb::{ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};
use twox_hash::XxHash3_64;

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("kv-redb");
const NAMESPACES: TableDefinition<'_, &str, (u32, &str)> = TableDefinition::new("namespaces");
const DELETED_NAMESPACES: TableDefinition<'_, u32, ()> = TableDefinition::new("deleted-namespaces");
const ENTRIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("entries");
const CHUNKS: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("pieces");
const EXPIRIES: TableDefinition<'_, (u64, &[u8]), ()> = TableDefinition::new("deadlines");

/// Number of rows in some of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowCounts {
    pub(crate) entries: u64,
    pub(crate) expiries: u64,
    pub(crate) deleted_namespaces: u64,
}

/// Decoded row of the table `entries`.
struct StoredEntry {
    version: u64,
    expires_at: Option<u64>,
    /// Length of the value, checksum of its chunks, and number of its bytes that are in the row itself.
    chunks: Option<(u64, u64, u64)>,
}

fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let (first, rest) = bytes.split_first_chunk().expect("a row is cut short");
    *bytes = rest;
    *first
}

impl StoredEntry {
    fn decode(key: &[u8], row: &[u8]) -> Self {
        let (mut rest, checksum) = row.split_last_chunk().expect("a row is cut short");
        assert_eq!(
            u64::from_be_bytes(*checksum),
            XxHash3_64::oneshot(key).wrapping_add(XxHash3_64::oneshot(rest)),
            "the checksum of a row"
        );
        let [row_version, flags] = take(&mut rest);
        assert_eq!((row_version, flags & !3), (1, 0), "the version and flags of a row");
        let version = u64::from_be_bytes(take(&mut rest));
        let expires_at = (flags & 1 != 0).then(|| u64::from_be_bytes(take(&mut rest)));
        let metadata = u16::from_be_bytes(take(&mut rest));
        let (_, mut rest) = rest.split_at(metadata.into());
        let chunks = (flags & 2 != 0).then(|| {
            let len = u64::from_be_bytes(take(&mut rest));
            let checksum = u64::from_be_bytes(take(&mut rest));
            (len, checksum, rest.len() as u64)
        });
        Self { version, expires_at, chunks }
    }
}

/// Checks the tables of a file that was opened at least once.
pub(crate) fn check_tables(database: &impl ReadableDatabase) -> RowCounts {
    let file = database.begin_read().unwrap();
    let numbers = file.open_table(META).unwrap();
    let number = |name: &str| numbers.get(name).unwrap().map(|number| number.value());
    assert_eq!(number("format"), Some(1));
    let namespaces = file.open_table(NAMESPACES).unwrap();
    let deleted = file.open_table(DELETED_NAMESPACES).unwrap();
    let mut titles = BTreeSet::new();
    let mut owners = BTreeSet::new();
    for row in namespaces.iter().unwrap() {
        let (_, namespace) = row.unwrap();
        let (owner, title) = namespace.value();
        assert!(titles.insert(title.to_owned()), "two namespaces have one title");
        assert!(owners.insert(owner), "two namespaces have one number");
    }
    for row in deleted.iter().unwrap() {
        assert!(owners.insert(row.unwrap().0.value()), "a deleted namespace is still listed");
    }
    let next = number("next-namespace").unwrap_or(0);
    assert!(owners.iter().all(|owner| u64::from(*owner) < next), "a namespace's number may be used again");

    let entries = file.open_table(ENTRIES).unwrap();
    let mut chunks = chunks(&file.open_table(CHUNKS).unwrap());
    let mut expiries: BTreeSet<(u64, Vec<u8>)> = BTreeSet::new();
    let mut versions = BTreeSet::new();
    for row in entries.iter().unwrap() {
        let (key, row) = row.unwrap();
        let key = key.value();
        let stored = StoredEntry::decode(key, row.value());
        let owner = u32::from_be_bytes(take(&mut &key[..]));
        assert!(owners.contains(&owner), "an entry has no namespace");
        assert!(versions.insert(stored.version), "two entries have one version");
        if let Some((len, checksum, end)) = stored.chunks {
            let chunks = chunks.remove(&stored.version).expect("a value has no chunks");
            assert_eq!(chunks, (len - end, checksum), "the chunks of a value");
        }
        expiries.extend(stored.expires_at.map(|expires_at| (expires_at, key.to_owned())));
    }
    assert!(chunks.is_empty(), "chunks without a value: {chunks:?}");
    let ceiling = number("version-ceiling").unwrap_or(1);
    assert!(versions.last().is_none_or(|version| *version < ceiling), "a version may be used again");

    let rows = file.open_table(EXPIRIES).unwrap();
    let rows: BTreeSet<_> = rows
        .iter()
        .unwrap()
        .map(|row| {
            let (row, _) = row.unwrap();
            (row.value().0, row.value().1.to_owned())
        })
        .collect();
    assert!(rows == expiries, "the index by expiry differs from the entries");
    RowCounts {
        entries: entries.len().unwrap(),
        expiries: expiries.len() as u64,
        deleted_namespaces: deleted.len().unwrap(),
    }
}

/// Returns length and checksum of the chunks of each version.
fn chunks(table: &impl ReadableTable<(u64, u32), &'static [u8]>) -> BTreeMap<u64, (u64, u64)> {
    let mut all: BTreeMap<u64, (u32, u64, XxHash3_64)> = BTreeMap::new();
    for row in table.iter().unwrap() {
        let (key, chunk) = row.unwrap();
        let (version, number) = key.value();
        let (count, len, checksum) = all.entry(version).or_default();
        assert_eq!(number, *count, "a chunk is missing");
        *count += 1;
        *len += chunk.value().len() as u64;
        checksum.write(chunk.value());
    }
    all.into_iter().map(|(version, (_, len, checksum))| (version, (len, checksum.finish()))).collect()
}
