//! Check of a file's pages against their checksums before redb opens it.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

use redb::TableHandle;

use crate::{
    file::{
        os_file::with_shared_lock,
        tables::{CHUNKS, ENTRIES, EXPIRIES, FILLER},
    },
    pages::reader::{PageReader, Slot},
};

/// Part of a file whose checksums are verified before the file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The few pages of redb's own tables and of the small tables. A commit reads them, and a damaged one
    /// there can make redb end the process.
    Bookkeeping,
    /// Every page.
    All,
}

/// Counts the pages that do not match their checksums. Returns 0 without counting for a file that redb checks
/// by itself as it opens it, and for one that is open already, which the opening refuses.
pub(crate) fn count_damaged_pages(path: &Path, extent: Extent) -> io::Result<u64> {
    let counted = with_shared_lock(path, |file| count(file, extent));
    match counted {
        Err(TryLockError::WouldBlock) => Ok(0),
        Err(TryLockError::Error(cause)) if cause.kind() == io::ErrorKind::Unsupported => Ok(0),
        Err(TryLockError::Error(cause)) => Err(cause),
        Ok(damaged) => Ok(damaged),
    }
}

fn count(file: &File, extent: Extent) -> io::Result<u64> {
    let Some(pages) = PageReader::open(file)?.filter(PageReader::is_trusted) else { return Ok(0) };
    let Some(slot) = pages.slots().next() else { return Ok(0) };
    if extent == Extent::All {
        return count_damaged(&pages, slot);
    }
    let (system, damaged_system) = pages.tables(slot.system)?;
    let (user, damaged_user) = pages.tables(slot.user)?;
    let large = [ENTRIES.name(), CHUNKS.name(), EXPIRIES.name(), FILLER.name()];
    let small = user.into_iter().filter(|(name, _)| !large.contains(&name.as_str()));
    let counts = system.into_iter().chain(small).map(|(_, table)| pages.count_damaged(table));
    Ok(damaged_system + damaged_user + counts.sum::<io::Result<u64>>()?)
}

/// Counts the pages below a slot that do not match their checksums.
pub(crate) fn count_damaged(pages: &PageReader<'_>, slot: Slot) -> io::Result<u64> {
    let mut damaged = 0;
    for root in [slot.system, slot.user] {
        let (tables, damaged_tables) = pages.tables(root)?;
        damaged += damaged_tables;
        for (_, table) in tables {
            damaged += pages.count_damaged(table)?;
        }
    }
    Ok(damaged)
}
