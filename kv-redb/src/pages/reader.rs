//! Reader of a redb file, page by page, with every checksum verified.
//!
//! redb verifies its checksums only when it repairs a file, and may panic over a damaged page, even in a
//! destructor. This reader looks at a file before redb opens it, and where redb cannot open it. It knows
//! redb's file format 3, described in redb's `docs/design.md`: a header with two slots, each with the roots
//! of two trees of tables, redb's own and the user's.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
};

use twox_hash::XxHash3_128;

use crate::pages::node::{Node, Root, Shape, bytes_at};

/// First bytes of every redb file.
pub(crate) const MAGIC: [u8; 9] = *b"redb\x1A\x0A\xA9\x0D\x0A";
const FILE_FORMAT: u8 = 3;
/// Length of the header with both slots.
pub(crate) const HEADER_BYTES: usize = 320;
const PAGE_BYTES: u64 = 4096;
const SLOTS: [Range<usize>; 2] = [64..192, 192..320];
const SLOT_CHECKSUM: usize = 112;
/// Upper bound on the length of a page. This crate's pages have at most 256 KiB, and redb's own are shorter
/// than this.
const MAX_PAGE_BYTES: u64 = 64 * 1024 * 1024;
/// Upper bound on the depth of a tree; no real tree is that deep.
const MAX_DEPTH: usize = 64;

/// Slot of the header: the roots of two trees of tables, and the number of the transaction that wrote them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) user: Option<Root>,
    pub(crate) system: Option<Root>,
    transaction: u64,
}

/// Shape of a tree of tables.
pub(crate) const TABLES: Shape = Shape { key: None, value: None };

/// Table, as a tree of tables lists it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(crate) root: Option<Root>,
    pub(crate) shape: Shape,
}

/// Item that a walk through a tree visits.
pub(crate) enum Visit<'p> {
    Pair {
        key: &'p [u8],
        value: &'p [u8],
        /// Offset of the value in the file, in bytes.
        offset: u64,
    },
    /// A page that does not match its checksum. The pairs that can be read from it follow.
    DamagedPage,
}

/// Reader of the pages of one file in redb's format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageReader<'f> {
    file: &'f File,
    len: u64,
    /// Length of a region's header, in pages.
    region_header: u64,
    /// Length of a region's data, in pages.
    region_data: u64,
    two_phase: bool,
    /// The current slot, then the other one; `None` for a slot that does not match its checksum.
    slots: [Option<Slot>; 2],
}

impl<'f> PageReader<'f> {
    /// Reads the header. `None` if it is not one of redb's file format 3, or both slots are damaged.
    pub(crate) fn open(file: &'f File) -> io::Result<Option<Self>> {
        let mut header = [0; HEADER_BYTES];
        let mut start = file;
        start.seek(SeekFrom::Start(0))?;
        match start.read_exact(&mut header) {
            Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        Ok(Self::parse(file, file.metadata()?.len(), &header))
    }

    fn parse(file: &'f File, len: u64, header: &[u8]) -> Option<Self> {
        let flags = *header.strip_prefix(&MAGIC)?.first()?;
        let number = |offset| Some(u64::from(u32::from_le_bytes(bytes_at(header, offset)?)));
        let [first, second] = SLOTS.map(|range| header.get(range).and_then(slot));
        let slots = if flags & 1 == 0 { [first, second] } else { [second, first] };
        let known = number(12)? == PAGE_BYTES && slots.iter().any(Option::is_some);
        known.then_some(Self {
            file,
            len,
            region_header: number(16)?,
            region_data: number(20)?,
            two_phase: flags & 4 != 0,
            slots,
        })
    }

    /// `true` if redb opens the file without verifying its checksums: it was closed cleanly, or written with
    /// quick repair.
    pub(crate) fn is_trusted(&self) -> bool {
        self.two_phase
    }

    /// Returns the readable slots, the one to prefer first: after a crash that may be the newer instead of
    /// the current one.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        let [current, other] = self.slots;
        let newer_first = !self.two_phase
            && other.zip(current).is_some_and(|(other, current)| other.transaction > current.transaction);
        let slots = if newer_first { [other, current] } else { [current, other] };
        slots.into_iter().flatten()
    }

    /// Walks through a tree in the order of its keys and calls `visit` for every item. No page is read twice.
    pub(crate) fn walk(
        &self,
        root: Option<Root>,
        shape: Shape,
        visit: &mut dyn FnMut(Visit<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut seen = HashSet::new();
        let mut pending: Vec<(Root, usize)> = root.map(|root| (root, 0)).into_iter().collect();
        while let Some((root, depth)) = pending.pop() {
            let page = self.locate(root.page).filter(|_| depth < MAX_DEPTH && seen.insert(root.page));
            let Some((start, len)) = page else {
                visit(Visit::DamagedPage)?;
                continue;
            };
            let bytes = self.read(start, len)?;
            let node = Node::parse(&bytes, shape);
            let end = node.as_ref().and_then(Node::end);
            if end.and_then(|end| bytes.get(..end)).map(XxHash3_128::oneshot) != Some(root.checksum) {
                visit(Visit::DamagedPage)?;
            }
            match node {
                Some(Node::Leaf(leaf)) => {
                    for (key, value) in (0..leaf.pairs).filter_map(|number| leaf.pair(number)) {
                        if let (Some(key), Some(bytes)) = (bytes.get(key), bytes.get(value.clone())) {
                            visit(Visit::Pair { key, value: bytes, offset: start + value.start as u64 })?;
                        }
                    }
                }
                Some(Node::Branch(branch)) => {
                    // Last in, first out: the first child is next.
                    let children = (0..=branch.keys).rev().filter_map(|number| branch.child(number));
                    pending.extend(children.map(|child| (child, depth + 1)));
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Returns the tables of a tree of tables, by name, and the number of its damaged pages.
    pub(crate) fn tables(&self, root: Option<Root>) -> io::Result<(Vec<(String, Table)>, u64)> {
        let mut tables = Vec::new();
        let mut damaged = 0;
        self.walk(root, TABLES, &mut |item| {
            match item {
                Visit::Pair { key, value, .. } => {
                    let named = std::str::from_utf8(key).ok().zip(table(value));
                    tables.extend(named.map(|(name, table)| (name.to_owned(), table)));
                }
                Visit::DamagedPage => damaged += 1,
            }
            Ok(())
        })?;
        Ok((tables, damaged))
    }

    /// Counts the pages of a table that do not match their checksums.
    pub(crate) fn count_damaged(&self, table: Table) -> io::Result<u64> {
        let mut damaged = 0;
        self.walk(table.root, table.shape, &mut |item| {
            damaged += u64::from(matches!(item, Visit::DamagedPage));
            Ok(())
        })?;
        Ok(damaged)
    }

    /// Reads `len` bytes from `start` on.
    pub(crate) fn read(&self, start: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        let mut file = self.file;
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Returns the offset and the length of a page in bytes, if it lies in the file.
    fn locate(&self, page: u64) -> Option<(u64, usize)> {
        let order = page >> 59;
        let len = PAGE_BYTES.checked_shl(u32::try_from(order).ok()?).filter(|len| *len <= MAX_PAGE_BYTES)?;
        let region = (page >> 20) & 0xF_FFFF;
        let index = page & (0xF_FFFF >> order);
        let regions = region.checked_mul((self.region_header + self.region_data) * PAGE_BYTES)?;
        let start = regions.checked_add((1 + self.region_header) * PAGE_BYTES + index.checked_mul(len)?)?;
        let is_inside = start.checked_add(len).is_some_and(|end| end <= self.len);
        is_inside.then_some((start, usize::try_from(len).ok()?))
    }
}

/// Parses a slot. `None` if it does not match its checksum or is of another file format.
fn slot(bytes: &[u8]) -> Option<Slot> {
    let matches = XxHash3_128::oneshot(bytes.get(..SLOT_CHECKSUM)?)
        == u128::from_le_bytes(bytes_at(bytes, SLOT_CHECKSUM)?);
    let [format, has_user, has_system] = bytes_at(bytes, 0)?;
    (matches && format == FILE_FORMAT).then_some(Slot {
        user: if has_user == 0 { None } else { Some(root(bytes, 8)?) },
        system: if has_system == 0 { None } else { Some(root(bytes, 40)?) },
        transaction: u64::from_le_bytes(bytes_at(bytes, 104)?),
    })
}

fn root(bytes: &[u8], offset: usize) -> Option<Root> {
    Some(Root {
        page: u64::from_le_bytes(bytes_at(bytes, offset)?),
        checksum: u128::from_le_bytes(bytes_at(bytes, offset + 8)?),
    })
}

/// Parses a row of a tree of tables: the kind, the number of rows, the root, and the lengths of keys and
/// values.
fn table(row: &[u8]) -> Option<Table> {
    let optional = |offset: usize| -> Option<Option<usize>> {
        let [is_fixed] = bytes_at(row, offset)?;
        let len = u32::from_le_bytes(bytes_at(row, offset + 1)?);
        Some((is_fixed != 0).then_some(usize::try_from(len).ok()?))
    };
    let [has_root] = bytes_at(row, 9)?;
    let root = if has_root == 0 { None } else { Some(root(row, 10)?) };
    Some(Table { root, shape: Shape { key: optional(42)?, value: optional(47)? } })
}
