//! Disk in memory that keeps flushed and unflushed writes apart, shown by FUSE as a file.

use std::{
    ffi::OsStr,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, UNIX_EPOCH},
};

use fuser::{
    Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner, OpenFlags,
    ReplyAttr, ReplyData, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyWrite, Request, WriteFlags,
};
use proptest::prelude::*;

/// Smallest unit that a disk writes whole, in bytes.
const SECTOR: usize = 512;
/// Name of the file in the folder that FUSE shows.
pub(crate) const NAME: &str = "disk";
const FILE: INodeNo = INodeNo(2);
/// Time for which the kernel may cache attributes: nothing changes but the bytes.
const TTL: Duration = Duration::from_secs(60);

/// Disk in memory. Clones are the same disk.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    state: Arc<Mutex<State>>,
    ignores_flushes: bool,
}

#[derive(Debug)]
struct State {
    /// Bytes that a read returns.
    current: Vec<u8>,
    /// Bytes that survive any power cut.
    durable: Vec<u8>,
    unflushed: Vec<(usize, Vec<u8>)>,
    flushes: usize,
}

/// Selection of the unflushed writes that survive a power cut.
#[derive(Debug, Clone)]
pub(crate) enum Survivors {
    Nothing,
    Everything,
    /// A prefix of the writes, in thousandths of their number.
    First(usize),
    /// Each sector with probability one half, from this seed.
    AnySectors(u64),
}

impl Survivors {
    pub(crate) fn strategy() -> impl Strategy<Value = Self> {
        prop_oneof![
            1 => Just(Self::Nothing),
            1 => Just(Self::Everything),
            3 => (0..1_000_usize).prop_map(Self::First),
            4 => any::<u64>().prop_map(Self::AnySectors),
        ]
    }
}

impl Disk {
    /// Returns a disk with these bytes.
    pub(crate) fn new(bytes: Vec<u8>, ignores_flushes: bool) -> Self {
        let state = State { durable: bytes.clone(), current: bytes, unflushed: Vec::new(), flushes: 0 };
        Self { state: Arc::new(Mutex::new(state)), ignores_flushes }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Number of flushes so far.
    pub(crate) fn flushes(&self) -> usize {
        self.lock().flushes
    }

    /// Returns the bytes that the disk would hold after a power cut now, and the number of unflushed writes.
    pub(crate) fn without_power(&self, survivors: &Survivors) -> (Vec<u8>, usize) {
        let state = self.lock();
        let mut bytes = state.durable.clone();
        let unflushed = &state.unflushed;
        let first = match survivors {
            Survivors::Nothing => 0,
            Survivors::First(thousandths) => unflushed.len() * thousandths / 1_000,
            Survivors::Everything | Survivors::AnySectors(_) => unflushed.len(),
        };
        let mut chance = match survivors {
            Survivors::AnySectors(seed) => Some(*seed | 1),
            _ => None,
        };
        for (offset, data) in &unflushed[..first] {
            for (number, sector) in data.chunks(SECTOR).enumerate() {
                if chance.as_mut().is_none_or(coin) {
                    let start = offset + number * SECTOR;
                    bytes[start..start + sector.len()].copy_from_slice(sector);
                }
            }
        }
        (bytes, unflushed.len())
    }
}

/// Tosses a coin with xorshift, since a million tosses have to be quick.
fn coin(state: &mut u64) -> bool {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    state.is_multiple_of(2)
}

impl Filesystem for Disk {
    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        if name == NAME {
            reply.entry(&TTL, &self.attributes(FILE), Generation(0));
        } else {
            reply.error(Errno::ENOENT);
        }
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        reply.attr(&TTL, &self.attributes(inode));
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        // Without the kernel's cache in front of the disk.
        reply.opened(FileHandle(0), FopenFlags::FOPEN_DIRECT_IO);
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let state = self.lock();
        let start = usize::try_from(offset).unwrap().min(state.current.len());
        let end = start.saturating_add(usize::try_from(size).unwrap()).min(state.current.len());
        reply.data(&state.current[start..end]);
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let mut state = self.lock();
        let start = usize::try_from(offset).unwrap();
        let Some(target) = state.current.get_mut(start..start + data.len()) else {
            return reply.error(Errno::ENOSPC);
        };
        target.copy_from_slice(data);
        state.unflushed.push((start, data.to_vec()));
        reply.written(u32::try_from(data.len()).unwrap());
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        let mut state = self.lock();
        state.flushes += 1;
        if !self.ignores_flushes {
            let State { durable, unflushed, .. } = &mut *state;
            for (start, data) in unflushed.drain(..) {
                durable[start..start + data.len()].copy_from_slice(&data);
            }
        }
        reply.ok();
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        // The flush of a closed file handle, which promises nothing.
        reply.ok();
    }
}

impl Disk {
    fn attributes(&self, inode: INodeNo) -> FileAttr {
        let is_file = inode == FILE;
        let size = if is_file { self.lock().current.len() as u64 } else { 0 };
        FileAttr {
            ino: inode,
            size,
            blocks: size.div_ceil(SECTOR as u64),
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind: if is_file { FileType::RegularFile } else { FileType::Directory },
            perm: if is_file { 0o600 } else { 0o700 },
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            flags: 0,
            blksize: 4_096,
        }
    }
}
