//! A look at a file's checksums, before it is opened.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

use redb::TableHandle;

use crate::{
    pages::{Pages, Slot},
    tables::{DEADLINES, ENTRIES, FILLER, PIECES},
};

/// How much of a file is held against its checksums before it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What redb keeps for itself, and the small tables: a few pages. A commit goes through them, and redb cannot be kept
    /// from ending the process where it meets a damaged one.
    Bookkeeping,
    /// Every page.
    All,
}

/// How many pages do not match their checksums. Not asked of a file that redb is going to check by itself, nor of one
/// that somebody has open: opening it says so.
pub(crate) fn count_damaged_pages(path: &Path, extent: Extent) -> io::Result<u64> {
    let counted = with_lock(path, |file| count(file, extent));
    match counted {
        Err(TryLockError::WouldBlock) => Ok(0),
        Err(TryLockError::Error(cause)) if cause.kind() == io::ErrorKind::Unsupported => Ok(0),
        Err(TryLockError::Error(cause)) => Err(cause),
        Ok(damaged) => Ok(damaged),
    }
}

/// Looks at a file that nobody has open for writing meanwhile.
fn with_lock<T>(path: &Path, look: impl FnOnce(&File) -> io::Result<T>) -> Result<T, TryLockError> {
    let file = File::open(path).map_err(TryLockError::Error)?;
    file.try_lock_shared()?;
    let outcome = look(&file);
    // Closing alone would leave the lock to a process that another thread is just starting.
    file.unlock().and(outcome).map_err(TryLockError::Error)
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

/// How many pages do not match their checksums, of all that a slot leads to.
fn count_damaged(pages: &Pages<'_>, slot: Slot) -> io::Result<u64> {
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
