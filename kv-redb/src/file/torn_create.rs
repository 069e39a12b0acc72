//! Files whose creation was cut short by a crash or a full disk, and truncating them.
//!
//! redb writes its magic number last when it creates a file, so a torn file is zeros but for the header. redb
//! refuses such a file for ever. It holds nothing, so it is emptied and created again.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Seek},
    ops::{Range, RangeInclusive},
    path::Path,
};

use crate::{
    file::error::RedbResult,
    pages::reader::{HEADER_BYTES, MAGIC},
};

/// Range of the page length in redb's header.
const PAGE_BYTES_RANGE: Range<usize> = 12..16;
const PAGE_BYTES: [u8; 4] = 4096_u32.to_le_bytes();
/// Lengths that a torn file may have: at least the page of the header, and at most a few times the 1 MiB that
/// redb gives a new file.
const TORN_BYTES: RangeInclusive<u64> = 4096..=4 * 1024 * 1024;

/// Truncates the file at `path` to no bytes if its creation was cut short; leaves every other file as it is.
/// Fails with [`DatabaseAlreadyOpen`](redb::Error::DatabaseAlreadyOpen) if another process holds the lock of
/// a file that looks torn: it may be creating it.
pub(crate) fn truncate_if_torn(path: &Path) -> RedbResult<()> {
    let is_candidate =
        fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && TORN_BYTES.contains(&metadata.len()));
    if !is_candidate {
        return Ok(());
    }
    let mut file = File::options().read(true).write(true).open(path)?;
    let mut start = [0; MAGIC.len()];
    if file.read_exact(&mut start).is_err() || !is_torn_magic(&start) {
        return Ok(());
    }
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(redb::Error::DatabaseAlreadyOpen),
        Err(TryLockError::Error(cause)) => return Err(cause.into()),
    }
    let truncated = truncate_locked(&mut file);
    // Closing alone could leave the lock to a child process that another thread is starting, which shares
    // open files.
    file.unlock()?;
    Ok(truncated?)
}

fn truncate_locked(file: &mut File) -> io::Result<()> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    if is_torn(&bytes) { file.set_len(0) } else { Ok(()) }
}

/// `true` if no file exists at `path`, or an empty one.
pub(crate) fn is_missing_or_empty(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |metadata| metadata.is_file() && metadata.len() == 0)
}

/// `true` if a torn file may have `len` bytes.
#[cfg(feature = "test-backend")]
pub(crate) fn is_torn_len(len: u64) -> bool {
    TORN_BYTES.contains(&len)
}

/// `true` if `file`, which is a whole one, is what redb leaves when the creation of a file is cut short.
pub(crate) fn is_torn(file: &[u8]) -> bool {
    let is_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    let page_bytes = file.get(PAGE_BYTES_RANGE).unwrap_or_default();
    TORN_BYTES.contains(&(file.len() as u64))
        && file.first_chunk().is_some_and(is_torn_magic)
        && file.get(HEADER_BYTES..).is_some_and(is_zero)
        && (is_zero(page_bytes) || page_bytes == PAGE_BYTES)
}

/// `true` if a file that starts like this may be redb's, whole or torn.
pub(crate) fn may_be_redb(start: &[u8]) -> bool {
    start.iter().zip(MAGIC).all(|(byte, magic)| *byte == 0 || *byte == magic)
}

/// `true` if the magic number is missing, or a part of it.
fn is_torn_magic(bytes: &[u8; MAGIC.len()]) -> bool {
    *bytes != MAGIC && may_be_redb(bytes)
}
