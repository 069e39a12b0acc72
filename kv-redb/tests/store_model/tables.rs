//! The tables of a closed file, read with redb alone: they have to agree with each other.
//!
//! The layout is written down here once more, so that a change of it, meant or not, shows.

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
const EXPIRIES: TableDefinition<'_, (u64, &[u8]), ()> = TableDefinition::new("expiries");

/// How many rows the tables have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowCounts {
    pub(crate) entries: u64,
    pub(crate) expiries: u64,
    pub(crate) deleted_namespaces: u64,
}

/// What a record says of its entry.
struct StoredEntry {
    version: u64,
    deadline: Option<u64>,
    /// The value's length, the checksum of its pieces, and how many of its bytes are not in them.
    pieces: Option<(u64, u64, u64)>,
}

fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let (first, rest) = bytes.split_first_chunk().expect("a record is cut short");
    *bytes = rest;
    *first
}

impl StoredEntry {
    fn decode(key: &[u8], record: &[u8]) -> Self {
        let (mut rest, checksum) = record.split_last_chunk().expect("a record is cut short");
        assert_eq!(
            u64::from_be_bytes(*checksum),
            XxHash3_64::oneshot(key).wrapping_add(XxHash3_64::oneshot(rest)),
            "a record's checksum"
        );
        let [record_version, flags] = take(&mut rest);
        assert_eq!((record_version, flags & !3), (1, 0), "a record's version and flags");
        let version = u64::from_be_bytes(take(&mut rest));
        let deadline = (flags & 1 != 0).then(|| u64::from_be_bytes(take(&mut rest)));
        let metadata = u16::from_be_bytes(take(&mut rest));
        let (_, mut rest) = rest.split_at(metadata.into());
        let pieces = (flags & 2 != 0).then(|| {
            let (len, checksum) = (u64::from_be_bytes(take(&mut rest)), u64::from_be_bytes(take(&mut rest)));
            (len, checksum, rest.len() as u64)
        });
        Self { version, deadline, pieces }
    }
}

/// Checks the tables of a file that was opened at least once.
pub(crate) fn check_tables(database: &impl ReadableDatabase) -> RowCounts {
    let file = database.begin_read().unwrap();
    let numbers = file.open_table(META).unwrap();
    let number = |name: &str| numbers.get(name).unwrap().map(|number| number.value());
    assert_eq!(number("format"), Some(1));
    let (namespaces, deleted) =
        (file.open_table(NAMESPACES).unwrap(), file.open_table(DELETED_NAMESPACES).unwrap());
    let mut titles = BTreeSet::new();
    let mut owners = BTreeSet::new();
    for row in namespaces.iter().unwrap() {
        let (_, namespace) = row.unwrap();
        let (owner, title) = namespace.value();
        assert!(titles.insert(title.to_owned()), "a title is there twice");
        assert!(owners.insert(owner), "a namespace's number is there twice");
    }
    for row in deleted.iter().unwrap() {
        assert!(owners.insert(row.unwrap().0.value()), "a deleted namespace is still there");
    }
    let next = number("next-namespace").unwrap_or(0);
    assert!(owners.iter().all(|owner| u64::from(*owner) < next), "a namespace's number may be given again");

    let entries = file.open_table(ENTRIES).unwrap();
    let mut pieces = pieces(&file.open_table(CHUNKS).unwrap());
    let mut expiries: BTreeSet<(u64, Vec<u8>)> = BTreeSet::new();
    let mut versions = BTreeSet::new();
    for row in entries.iter().unwrap() {
        let (key, record) = row.unwrap();
        let key = key.value();
        let record = StoredEntry::decode(key, record.value());
        let owner = u32::from_be_bytes(take(&mut &key[..]));
        assert!(owners.contains(&owner), "an entry has no namespace");
        assert!(versions.insert(record.version), "a version is there twice");
        if let Some((len, checksum, end)) = record.pieces {
            let pieces = pieces.remove(&record.version).expect("a value has no pieces");
            assert_eq!(pieces, (len - end, checksum), "the pieces of a value");
        }
        expiries.extend(record.deadline.map(|deadline| (deadline, key.to_owned())));
    }
    assert!(pieces.is_empty(), "pieces of no value: {pieces:?}");
    let ceiling = number("version-ceiling").unwrap_or(1);
    assert!(versions.last().is_none_or(|version| *version < ceiling), "a version may be given again");

    let rows = file.open_table(EXPIRIES).unwrap();
    let rows: BTreeSet<_> = rows
        .iter()
        .unwrap()
        .map(|row| {
            let (row, _) = row.unwrap();
            (row.value().0, row.value().1.to_owned())
        })
        .collect();
    assert!(rows == expiries, "the index by deadline is not that of the entries");
    RowCounts {
        entries: entries.len().unwrap(),
        expiries: expiries.len() as u64,
        deleted_namespaces: deleted.len().unwrap(),
    }
}

/// The length and the checksum of all pieces of each version.
fn pieces(table: &impl ReadableTable<(u64, u32), &'static [u8]>) -> BTreeMap<u64, (u64, u64)> {
    let mut all: BTreeMap<u64, (u32, u64, XxHash3_64)> = BTreeMap::new();
    for row in table.iter().unwrap() {
        let (key, piece) = row.unwrap();
        let (version, number) = key.value();
        let (count, len, checksum) = all.entry(version).or_default();
        assert_eq!(number, *count, "a piece is missing");
        *count += 1;
        *len += piece.value().len() as u64;
        checksum.write(piece.value());
    }
    all.into_iter().map(|(version, (_, len, checksum))| (version, (len, checksum.finish()))).collect()
}
