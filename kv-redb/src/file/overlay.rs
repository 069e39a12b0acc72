//! Layer over the disk that keeps written blocks in memory, to read a store while its disk is full.

use std::{
    collections::BTreeMap,
    io,
    ops::Bound,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use redb::{BackendError, StorageBackend};

use crate::file::disk::Disk;

const BLOCK_BYTES: usize = 4096;

/// Storage whose reads see the disk and whose writes stay in memory. redb writes a few pages when it opens
/// and repairs a file, so it needs this to read a file on a full disk.
#[derive(Debug, Clone)]
pub(crate) struct Overlay(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    disk: Disk,
    /// `true` once the disk is written again, so that it may differ from what is read here.
    retired: AtomicBool,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    len: u64,
    /// Length of the disk's visible part in bytes. A part that was cut off stays invisible when the file
    /// grows again.
    disk_len: u64,
    /// Written blocks, by number.
    blocks: BTreeMap<u64, Vec<u8>>,
}

impl Overlay {
    pub(crate) fn new(disk: Disk) -> io::Result<Self> {
        let len = disk.len()?;
        let written = Mutex::new(Written { len, disk_len: len, blocks: BTreeMap::new() });
        Ok(Self(Arc::new(Inner { disk, retired: false.into(), written })))
    }

    /// Fails every further call, reads under way too: the disk is about to be written.
    pub(crate) fn retire(&self) {
        self.0.retired.store(true, Ordering::Release);
    }

    fn written(&self) -> io::Result<MutexGuard<'_, Written>> {
        if self.0.retired.load(Ordering::Acquire) {
            return Err(io::Error::other("the disk has space again, and the file was opened again"));
        }
        Ok(self.0.written.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Written {
    /// Reads from the disk, and zeros behind its visible part.
    fn read_disk(&self, disk: &Disk, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let len = usize::try_from(self.disk_len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (on_disk, beyond) = out.split_at_mut(len.min(out.len()));
        beyond.fill(0);
        if on_disk.is_empty() { Ok(()) } else { disk.read(offset, on_disk) }
    }
}

/// Splits `len` bytes from `offset` on at the boundaries of blocks. Yields for each part the block's number,
/// the offset in the block, and the range of the bytes.
fn parts(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let position = offset + done as u64;
        let start = usize::try_from(position % BLOCK_BYTES as u64).unwrap_or_default();
        let part = (BLOCK_BYTES - start).min(len - done);
        let range = done..done + part;
        done += part;
        (part > 0).then_some((position / BLOCK_BYTES as u64, start, range))
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.written()?.len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let written = self.written()?;
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > written.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        written.read_disk(&self.0.disk, offset, out)?;
        for (number, start, range) in parts(offset, out.len()) {
            let len = range.len();
            let block = written.blocks.get(&number).and_then(|block| block.get(start..start + len));
            if let (Some(block), Some(out)) = (block, out.get_mut(range)) {
                out.copy_from_slice(block);
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut written = self.written()?;
        written.len = len;
        written.disk_len = written.disk_len.min(len);
        // A block that is cut in two is kept; redb cuts between blocks.
        drop(written.blocks.split_off(&len.div_ceil(BLOCK_BYTES as u64)));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.written().map(drop)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut written = self.written()?;
        for (number, start, range) in parts(offset, data.len()) {
            let mut block = written.blocks.remove(&number).unwrap_or_default();
            if block.is_empty() {
                block.resize(BLOCK_BYTES, 0);
                written.read_disk(&self.0.disk, number * BLOCK_BYTES as u64, &mut block)?;
            }
            let len = range.len();
            if let (Some(target), Some(data)) = (block.get_mut(start..start + len), data.get(range)) {
                target.copy_from_slice(data);
            }
            written.blocks.insert(number, block);
        }
        Ok(())
    }

    // The disk below has the lock, and nothing else sees the blocks written here.
    fn try_lock_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn try_lock_shared_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn lock_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn lock_shared_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn unlock_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn query_lock_range(&self, _start: Bound<u64>, _end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(false)
    }
}
