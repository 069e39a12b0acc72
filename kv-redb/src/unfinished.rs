//! Files whose making was cut short.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Seek},
    ops::Range,
    path::Path,
};

/// What redb writes last when it makes a file. Before that, the file is zeros but for the rest of its header.
const MAGIC_BYTES: usize = 9;
const HEADER_BYTES: usize = 320;
/// Where the header says how long a page is, and what it says.
const PAGE_BYTES_PLACE: Range<usize> = 12..16;
const PAGE_BYTES: [u8; 4] = 4096_u32.to_le_bytes();
/// The page that holds the header.
const MIN_UNFINISHED_BYTES: u64 = 4096;
/// redb makes a file of about 1 MiB; what is longer than this was never just made.
const MAX_UNFINISHED_BYTES: u64 = 4 * 1024 * 1024;

/// Whether there is no file, an empty one, or one whose making was cut short, by a crash or a full disk. redb would
/// refuse the last one for ever, so it is emptied; there is nothing in it.
pub(crate) fn is_new(path: &Path) -> io::Result<bool> {
    let Ok(metadata) = fs::metadata(path) else { return Ok(true) };
    if !metadata.is_file() || !(MIN_UNFINISHED_BYTES..=MAX_UNFINISHED_BYTES).contains(&metadata.len()) {
        return Ok(metadata.is_file() && metadata.len() == 0);
    }
    let mut file = File::options().read(true).write(true).open(path)?;
    let mut start = [0; MAGIC_BYTES];
    if file.read_exact(&mut start).is_err() || start != [0; MAGIC_BYTES] {
        return Ok(false);
    }
    // redb's own lock: while somebody has it, the file may still be in the making.
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(false),
        Err(TryLockError::Error(cause)) => return Err(cause),
    }
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    let is_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    let page_bytes = bytes.get(PAGE_BYTES_PLACE).unwrap_or_default();
    let unfinished = is_zero(bytes.get(..MAGIC_BYTES).unwrap_or_default())
        && is_zero(bytes.get(HEADER_BYTES..).unwrap_or_default())
        && (is_zero(page_bytes) || page_bytes == PAGE_BYTES);
    if unfinished {
        file.set_len(0)?;
    }
    Ok(unfinished)
}
