//! Survey of a closed file: its namespaces, and every entry, whole or damaged.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::Hasher,
    io,
};

use kv_core::{Jurisdiction, NamespaceId, NamespaceTitle};
use redb::TableHandle;
use twox_hash::XxHash3_64;

use crate::{
    file::{
        checksums::count_damaged,
        chunks, entry_key,
        stored_entry::{ChunkedValue, Content, CorruptEntry, StoredEntry},
        tables::{CHUNKS, DELETED_NAMESPACES, ENTRIES, EXPIRIES, FILLER, JURISDICTIONS, META, NAMESPACES},
    },
    pages::reader::{PageReader, Slot, Table, Visit},
    repair::report::{CheckReport, DamagedEntry, Progress},
};

/// Error of a value whose chunks are missing or wrong.
const WRONG_CHUNKS: CorruptEntry = CorruptEntry("a value does not match its checksum");

/// Number of entries between two calls for progress.
const ENTRIES_PER_REPORT: u64 = 1000;

/// Range of a chunk in the file.
#[derive(Debug, Clone, Copy)]
struct ChunkRange {
    start: u64,
    len: usize,
}

/// Survey of a file. It holds what the file has beside entries, as far as it can be read.
pub(crate) struct Survey<'f> {
    pages: PageReader<'f>,
    tables: HashMap<String, Table>,
    /// Numbers of the whole file, by name.
    pub(crate) numbers: HashMap<String, u64>,
    pub(crate) namespaces: BTreeMap<u32, (NamespaceId, NamespaceTitle)>,
    pub(crate) jurisdictions: HashMap<String, Jurisdiction>,
    deleted: HashSet<u32>,
    /// Chunks of values, by version and count.
    chunks: HashMap<(u64, u32), ChunkRange>,
    pub(crate) report: CheckReport,
    progress: Progress,
}

/// Entry that matches its checksum, with a value that does.
pub(crate) struct WholeEntry<'e> {
    /// Its key in the tables.
    pub(crate) key: &'e [u8],
    /// Its row, as stored.
    pub(crate) row: &'e [u8],
    pub(crate) entry: StoredEntry<'e>,
    /// Chunks of its value, first to last.
    pub(crate) chunks: Vec<Vec<u8>>,
}

impl<'f> Survey<'f> {
    /// Reads everything but the entries. After a crash it takes the slot with fewer damaged pages below it.
    pub(crate) fn begin(pages: &PageReader<'f>, len: u64) -> io::Result<Option<Self>> {
        let mut best: Option<(u64, Slot)> = None;
        for slot in pages.slots() {
            let damaged = if pages.is_trusted() { 0 } else { count_damaged(pages, slot)? };
            if best.is_none_or(|(fewest, _)| damaged < fewest) {
                best = Some((damaged, slot));
            }
        }
        let Some((_, slot)) = best else { return Ok(None) };
        let (tables, damaged_pages) = pages.tables(slot.user)?;
        let mut survey = Self {
            pages: *pages,
            tables: tables.into_iter().collect(),
            numbers: HashMap::new(),
            namespaces: BTreeMap::new(),
            jurisdictions: HashMap::new(),
            deleted: HashSet::new(),
            chunks: HashMap::new(),
            report: CheckReport { damaged_pages, ..CheckReport::default() },
            progress: Progress { bytes: len, ..Progress::default() },
        };
        let (system, damaged_system) = survey.pages.tables(slot.system)?;
        survey.report.damaged_pages += damaged_system;
        for (_, table) in system {
            survey.walk(table, |_, _, _, _| {})?;
        }
        survey.read_tables()?;
        Ok(Some(survey))
    }

    /// `true` if the file has the table that every store has.
    pub(crate) fn is_ours(&self) -> bool {
        self.tables.contains_key(META.name())
    }

    fn read_tables(&mut self) -> io::Result<()> {
        self.walk_named(META.name(), |survey, name, number, _| {
            let number = number.first_chunk().map(|number| u64::from_le_bytes(*number));
            survey.numbers.extend(text(name).zip(number));
        })?;
        self.walk_named(NAMESPACES.name(), |survey, id, namespace, _| {
            let named = || {
                let (number, title) = namespace.split_first_chunk()?;
                let id = NamespaceId::new(text(id)?).ok()?;
                Some((u32::from_le_bytes(*number), (id, NamespaceTitle::new(text(title)?).ok()?)))
            };
            survey.namespaces.extend(named());
        })?;
        self.walk_named(JURISDICTIONS.name(), |survey, id, jurisdiction, _| {
            let jurisdiction = text(jurisdiction).and_then(|name| name.parse().ok());
            survey.jurisdictions.extend(text(id).zip(jurisdiction));
        })?;
        self.walk_named(DELETED_NAMESPACES.name(), |survey, number, _, _| {
            survey.deleted.extend(number.first_chunk().map(|number| u32::from_le_bytes(*number)));
        })?;
        // Only their pages are checked: expiries follow from the entries, and the filler is zeros.
        self.walk_named(EXPIRIES.name(), |_, _, _, _| {})?;
        self.walk_named(FILLER.name(), |_, _, _, _| {})?;
        self.walk_named(CHUNKS.name(), |survey, key, chunk, start| {
            let located = || {
                let (version, rest) = key.split_first_chunk()?;
                let number = rest.first_chunk()?;
                let range = ChunkRange { start, len: chunk.len() };
                Some(((u64::from_le_bytes(*version), u32::from_le_bytes(*number)), range))
            };
            survey.chunks.extend(located());
        })
    }

    /// Checks every entry, and calls `each` with the whole ones.
    pub(crate) fn entries(
        &mut self,
        each: &mut dyn FnMut(&Self, WholeEntry<'_>) -> io::Result<()>,
        progress: &mut dyn FnMut(Progress),
    ) -> io::Result<()> {
        let mut failed = Ok(());
        self.walk_named(ENTRIES.name(), |survey, key, row, _| {
            if failed.is_ok() {
                failed = survey.entry(key, row, each);
                if survey.progress.entries.is_multiple_of(ENTRIES_PER_REPORT) {
                    progress(survey.progress);
                }
            }
        })?;
        progress(self.progress);
        failed
    }

    fn entry(
        &mut self,
        key: &[u8],
        row: &[u8],
        each: &mut dyn FnMut(&Self, WholeEntry<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(number) = key.first_chunk().map(|number| u32::from_be_bytes(*number)) else {
            self.report.add_damaged(None);
            return Ok(());
        };
        if self.deleted.contains(&number) {
            return Ok(());
        }
        self.progress.entries += 1;
        let whole = match StoredEntry::decode(key, row) {
            Ok(entry) => self.read_chunks(&entry)?.map(|chunks| WholeEntry { key, row, entry, chunks }),
            Err(corrupt) => Err(corrupt),
        };
        match (whole, entry_key::decode(key)) {
            (Ok(entry), Ok(_)) => {
                self.report.whole_entries += 1;
                each(self, entry)?;
            }
            (Err(CorruptEntry(what)), Ok(key)) => {
                let namespace = self.namespaces.get(&number).map(|(id, _)| id.clone());
                self.report.add_damaged(Some(DamagedEntry { namespace, key, what }));
            }
            (_, Err(_)) => self.report.add_damaged(None),
        }
        Ok(())
    }

    /// Reads and verifies the chunks of an entry's value; none for an inline value.
    fn read_chunks(&mut self, entry: &StoredEntry<'_>) -> io::Result<Result<Vec<Vec<u8>>, CorruptEntry>> {
        let Content::Chunked(ChunkedValue { len, checksum: expected, end }) = entry.value else {
            return Ok(Ok(Vec::new()));
        };
        let Some(len) = usize::try_from(len).ok().filter(|len| *len <= kv_core::limits::MAX_VALUE_BYTES)
        else {
            return Ok(Err(WRONG_CHUNKS));
        };
        let mut checksum = XxHash3_64::new();
        let mut chunks = Vec::new();
        let mut sum = end.len();
        for (number, _) in (0..).zip(chunks::chunk_ranges(len)) {
            let Some(range) = self.chunks.get(&(entry.version.as_u64(), number)) else {
                return Ok(Err(WRONG_CHUNKS));
            };
            let chunk = self.pages.read(range.start, range.len)?;
            self.progress.bytes_read += chunk.len() as u64;
            checksum.write(&chunk);
            sum += chunk.len();
            chunks.push(chunk);
        }
        let is_whole = sum == len && checksum.finish() == expected;
        Ok(if is_whole { Ok(chunks) } else { Err(WRONG_CHUNKS) })
    }

    fn walk_named(&mut self, name: &str, pair: impl FnMut(&mut Self, &[u8], &[u8], u64)) -> io::Result<()> {
        self.tables.get(name).copied().map_or(Ok(()), |table| self.walk(table, pair))
    }

    /// Walks through a table, counts its damaged pages, and calls `pair` with each key, value, and offset of
    /// the value.
    fn walk(&mut self, table: Table, mut pair: impl FnMut(&mut Self, &[u8], &[u8], u64)) -> io::Result<()> {
        let pages = self.pages;
        pages.walk(table.root, table.shape, &mut |item| {
            match item {
                Visit::Pair { key, value, offset } => {
                    self.progress.bytes_read += (key.len() + value.len()) as u64;
                    pair(self, key, value, offset);
                }
                Visit::DamagedPage => self.report.damaged_pages += 1,
            }
            Ok(())
        })
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}
