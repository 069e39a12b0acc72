//! Files whose making was cut short.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Seek},
    ops::{Range, RangeInclusive},
    path::Path,
};

use crate::file::error::EngineResult;

/// How every redb file starts. redb writes this last when it makes one; before that, the file is zeros but for the rest
/// of its header.
const MAGIC: [u8; 9] = *b"redb\x1A\x0A\xA9\x0D\x0A";
const HEADER_BYTES: usize = 320;
/// Where the header says how long a page is, and what it says.
const PAGE_BYTES_PLACE: Range<usize> = 12..16;
const PAGE_BYTES: [u8; 4] = 4096_u32.to_le_bytes();
/// From the page that holds the header to more than the 1 MiB that redb gives a new file; what is longer was never just
/// made.
const UNFINISHED_BYTES: RangeInclusive<u64> = 4096..=4 * 1024 * 1024;

/// Whether there is no file, an empty one, or one whose making was cut short, by a crash or a full disk. redb would
/// refuse the last one for ever, so it is emptied; there is nothing in it.
pub(crate) fn is_new(path: &Path) -> EngineResult<bool> {
    let Ok(metadata) = fs::metadata(path) else { return Ok(true) };
    if !metadata.is_file() || !may_be_unfinished(metadata.len()) {
        return Ok(metadata.is_file() && metadata.len() == 0);
    }
    let mut file = File::options().read(true).write(true).open(path)?;
    let mut start = [0; MAGIC.len()];
    if file.read_exact(&mut start).is_err() || !is_unfinished_magic(&start) {
        return Ok(false);
    }
    // redb's own lock: while somebody has it, the file may still be in the making.
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(redb::Error::DatabaseAlreadyOpen),
        Err(TryLockError::Error(cause)) => return Err(cause.into()),
    }
    let emptied = empty_if_unfinished(&mut file);
    // Closing alone would leave the lock to a process that another thread is just starting, which has all open files for
    // a moment.
    file.unlock()?;
    Ok(emptied?)
}

fn empty_if_unfinished(file: &mut File) -> io::Result<bool> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    let unfinished = is_unfinished(&bytes);
    if unfinished {
        file.set_len(0)?;
    }
    Ok(unfinished)
}

/// Whether a file of `len` bytes is worth a look.
pub(crate) fn may_be_unfinished(len: u64) -> bool {
    UNFINISHED_BYTES.contains(&len)
}

/// Whether `file`, which is all of one, is what redb leaves when the making of a file is cut short.
pub(crate) fn is_unfinished(file: &[u8]) -> bool {
    let is_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    let page_bytes = file.get(PAGE_BYTES_PLACE).unwrap_or_default();
    may_be_unfinished(file.len() as u64)
        && file.first_chunk().is_some_and(is_unfinished_magic)
        && file.get(HEADER_BYTES..).is_some_and(is_zero)
        && (is_zero(page_bytes) || page_bytes == PAGE_BYTES)
}

/// `true` if a file that starts like this may be redb's, whole or not.
pub(crate) fn may_be_redb(start: &[u8]) -> bool {
    start.iter().zip(MAGIC).all(|(byte, magic)| *byte == 0 || *byte == magic)
}

/// Whether the magic number is not there, or only a part of it is.
fn is_unfinished_magic(bytes: &[u8; MAGIC.len()]) -> bool {
    *bytes != MAGIC && bytes.iter().zip(MAGIC).all(|(byte, whole)| *byte == 0 || *byte == whole)
}
