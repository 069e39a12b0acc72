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
        tables::{DEADLINES, ENTRIES, FILLER, PIECES},
    },
    pages::reader::{Pages, Slot},
};

/// Part of a file that is checked against its checksums before the file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Pages that redb keeps for itself, and those of the small tables: only a few. A commit goes through them, and
    /// redb cannot be kept from ending the process where it meets a damaged one.
    Bookkeeping,
    /// Every page.
    All,
}

/// Number of pages that do not match their checksums. It is 0, without a count, for a file that redb is going to check
/// by itself, and for one that somebody has open: opening it says so.
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
    let Some(pages) = Pages::open(file)?.filter(Pages::is_trusted) else { return Ok(0) };
    let Some(slot) = pages.slots().next() else { return Ok(0) };
    if extent == Extent::All {
        return count_damaged(&pages, slot);
    }
    let (system, damaged_system) = pages.tables(slot.system)?;
    let (user, damaged_user) = pages.tables(slot.user)?;
    let others = [ENTRIES.name(), PIECES.name(), DEADLINES.name(), FILLER.name()];
    let small = user.into_iter().filter(|(name, _)| !others.contains(&name.as_str()));
    let counts = system.into_iter().chain(small).map(|(_, table)| pages.count_damaged(table));
    Ok(damaged_system + damaged_user + counts.sum::<io::Result<u64>>()?)
}

/// Number of pages that do not match their checksums, of all that a slot leads to.
pub(crate) fn count_damaged(pages: &Pages<'_>, slot: Slot) -> io::Result<u64> {
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
