//! A look at every entry of a file, whole or damaged.

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
        stored_entry::{Content, Damage, Pieces, Record},
        tables::{DEADLINES, DELETED, ENTRIES, FILE, FILLER, JURISDICTIONS, NAMESPACES, PIECES},
    },
    pages::reader::{Met, Pages, Slot, Table},
    repair::report::{CheckReport, DamagedEntry, Progress},
};

const MISSING_PIECES: Damage = Damage("a value's pieces do not make up the value");

/// Number of entries after which progress is told, each time.
const ENTRIES_PER_REPORT: u64 = 1000;

/// Where in the file a part of a value is.
#[derive(Debug, Clone, Copy)]
struct Part {
    place: u64,
    len: usize,
}

/// Contents of a file beside its entries, as far as they can be read.
pub(crate) struct Survey<'f> {
    pages: Pages<'f>,
    tables: HashMap<String, Table>,
    /// The numbers of the whole file, by name.
    pub(crate) numbers: HashMap<String, u64>,
    pub(crate) namespaces: BTreeMap<u32, (NamespaceId, NamespaceTitle)>,
    pub(crate) jurisdictions: HashMap<String, Jurisdiction>,
    deleted: HashSet<u32>,
    /// By version and count: where the pieces of values are.
    pieces: HashMap<(u64, u32), Part>,
    pub(crate) report: CheckReport,
    progress: Progress,
}

/// An entry that is whole.
pub(crate) struct WholeEntry<'e> {
    /// Its key in the tables.
    pub(crate) key: &'e [u8],
    pub(crate) bytes: &'e [u8],
    pub(crate) record: Record<'e>,
    /// The pieces of its value, first to last.
    pub(crate) pieces: Vec<Vec<u8>>,
}

impl<'f> Survey<'f> {
    /// Reads all but the entries. Of two slots after a crash, the one that leads to fewer damaged pages is taken.
    pub(crate) fn begin(pages: &Pages<'f>, len: u64) -> io::Result<Option<Self>> {
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
            pieces: HashMap::new(),
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

    /// `true` if the file has the table that makes it ours.
    pub(crate) fn is_ours(&self) -> bool {
        self.tables.contains_key(FILE.name())
    }

    fn read_tables(&mut self) -> io::Result<()> {
        self.walk_named(FILE.name(), |survey, name, number, _| {
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
        self.walk_named(DELETED.name(), |survey, number, _, _| {
            survey.deleted.extend(number.first_chunk().map(|number| u32::from_le_bytes(*number)));
        })?;
        // Deadlines follow from the records, and the filler holds nothing.
        self.walk_named(DEADLINES.name(), |_, _, _, _| {})?;
        self.walk_named(FILLER.name(), |_, _, _, _| {})?;
        self.walk_named(PIECES.name(), |survey, key, piece, place| {
            let place_of = || {
                let (version, rest) = key.split_first_chunk()?;
                let number = rest.first_chunk()?;
                let part = Part { place, len: piece.len() };
                Some(((u64::from_le_bytes(*version), u32::from_le_bytes(*number)), part))
            };
            survey.pieces.extend(place_of());
        })
    }

    /// Looks at every entry, and gives those that are whole to `each`.
    pub(crate) fn entries(
        &mut self,
        each: &mut dyn FnMut(&Self, WholeEntry<'_>) -> io::Result<()>,
        progress: &mut dyn FnMut(Progress),
    ) -> io::Result<()> {
        let mut failed = Ok(());
        self.walk_named(ENTRIES.name(), |survey, key, bytes, _| {
            if failed.is_ok() {
                failed = survey.entry(key, bytes, each);
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
        bytes: &[u8],
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
        let whole = match Record::decode(key, bytes) {
            Ok(record) => self.pieces_of(&record)?.map(|pieces| WholeEntry { key, bytes, record, pieces }),
            Err(damage) => Err(damage),
        };
        match (whole, entry_key::decode(key)) {
            (Ok(entry), Ok(_)) => {
                self.report.whole_entries += 1;
                each(self, entry)?;
            }
            (Err(Damage(what)), Ok(key)) => {
                let namespace = self.namespaces.get(&number).map(|(id, _)| id.clone());
                self.report.add_damaged(Some(DamagedEntry { namespace, key, what }));
            }
            (_, Err(_)) => self.report.add_damaged(None),
        }
        Ok(())
    }

    /// The pieces of the record's value, if it has some.
    fn pieces_of(&mut self, record: &Record<'_>) -> io::Result<Result<Vec<Vec<u8>>, Damage>> {
        let Content::Pieces(Pieces { len, checksum: expected, end }) = record.value else {
            return Ok(Ok(Vec::new()));
        };
        let Some(len) = usize::try_from(len).ok().filter(|len| *len <= kv_core::limits::MAX_VALUE_BYTES)
        else {
            return Ok(Err(MISSING_PIECES));
        };
        let mut checksum = XxHash3_64::new();
        let mut pieces = Vec::new();
        let mut sum = end.len();
        for (number, _) in (0..).zip(chunks::cut(len)) {
            let Some(part) = self.pieces.get(&(record.version.as_u64(), number)) else {
                return Ok(Err(MISSING_PIECES));
            };
            let piece = self.pages.read(part.place, part.len)?;
            self.progress.bytes_read += piece.len() as u64;
            checksum.write(&piece);
            sum += piece.len();
            pieces.push(piece);
        }
        let is_whole = sum == len && checksum.finish() == expected;
        Ok(if is_whole { Ok(pieces) } else { Err(MISSING_PIECES) })
    }

    fn walk_named(&mut self, name: &str, pair: impl FnMut(&mut Self, &[u8], &[u8], u64)) -> io::Result<()> {
        self.tables.get(name).copied().map_or(Ok(()), |table| self.walk(table, pair))
    }

    /// Walks through a table, counts its damaged pages, and gives its pairs to `pair`, with the place of the value.
    fn walk(&mut self, table: Table, mut pair: impl FnMut(&mut Self, &[u8], &[u8], u64)) -> io::Result<()> {
        let pages = self.pages;
        pages.walk(table.root, table.shape, &mut |met| {
            match met {
                Met::Pair { key, value, place } => {
                    self.progress.bytes_read += (key.len() + value.len()) as u64;
                    pair(self, key, value, place);
                }
                Met::DamagedPage => self.report.damaged_pages += 1,
            }
            Ok(())
        })
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}
