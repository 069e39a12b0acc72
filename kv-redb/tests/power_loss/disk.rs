//! Simulated disk with one file and planned faults.
//!
//! Bytes of a completed sync are durable. Of the writes since, any subset survives a power loss, some of them
//! torn: their first bytes, their last ones, or some sectors. New lengths of the file survive in order, each
//! whole, as a journal of metadata keeps them; writes beyond the surviving length are lost. After a failed
//! sync, unsynced writes stay unsynced, and a later sync may complete them.
//!
//! This is the disk that redb is written for. A commit in one phase finds by its checksums that any part of
//! it is missing, and relies on a single byte being whole; a longer file is synced before anything refers to
//! its length, and a file is cut after the last reference to the cut part is gone. Faults that no database
//! survives without a copy are left out: synced bytes that change later, bytes that were never written, and a
//! disk that reads back what it dropped after a failed sync.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard},
};

use proptest::prelude::*;
use redb::StorageBackend;

use crate::survivors::{Change, Survivors};

/// Kind of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// Every operation fails from then on, and unsynced changes may be lost.
    PowerLoss,
    /// One sync fails.
    Sync,
    /// One write, or change of the length, fails.
    FullOnce,
    /// All writes and changes of the length fail.
    Full,
}

/// Fault and the number of operations on the file that succeed before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) after: u64,
}

impl Fault {
    pub(crate) fn strategy() -> impl Strategy<Value = Self> {
        let kind = prop_oneof![
            4 => Just(FaultKind::PowerLoss),
            1 => Just(FaultKind::Sync),
            1 => Just(FaultKind::FullOnce),
            1 => Just(FaultKind::Full),
        ];
        // A recovery takes about 10 operations, the creation of a file about 30, a batch about 10.
        let after = prop_oneof![1 => 0..12_u64, 2 => 0..40_u64, 4 => 0..200_u64];
        (kind, after).prop_map(|(kind, after)| Self { kind, after })
    }
}

/// Simulated disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<DiskState>,
    resumed: Condvar,
}

#[derive(Default)]
struct DiskState {
    /// Bytes that a read returns.
    file: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
    /// Planned fault.
    fault: Option<Fault>,
    fired: Option<FaultKind>,
    reads_fail: bool,
    paused: bool,
    waiting: bool,
    /// Number of attempted changes and syncs.
    operations: u64,
}

impl std::fmt::Debug for DiskState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DiskState").field("fired", &self.fired).finish_non_exhaustive()
    }
}

impl Disk {
    pub(crate) fn with_file(file: Vec<u8>) -> Self {
        let disk = Self::default();
        let mut state = disk.lock();
        state.durable.clone_from(&file);
        state.file = file;
        drop(state);
        disk
    }

    fn lock(&self) -> MutexGuard<'_, DiskState> {
        self.0.state.lock().unwrap()
    }

    /// Plans a fault, or repairs the disk.
    pub(crate) fn set_fault(&self, fault: Option<Fault>) {
        let mut state = self.lock();
        state.fault = fault;
        state.fired = None;
    }

    pub(crate) fn cut_power(&self) {
        let mut state = self.lock();
        (state.fault, state.fired) = (None, Some(FaultKind::PowerLoss));
    }

    pub(crate) fn fail_reads(&self, fail: bool) {
        self.lock().reads_fail = fail;
    }

    /// Kind of the fault that fired, if one did.
    pub(crate) fn fired(&self) -> Option<FaultKind> {
        self.lock().fired
    }

    /// Bytes that a read returns.
    pub(crate) fn file(&self) -> Vec<u8> {
        self.lock().file.clone()
    }

    pub(crate) fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// Blocks every change and sync until `resume`.
    pub(crate) fn pause(&self) {
        self.lock().paused = true;
    }

    /// `true` while an operation is blocked.
    pub(crate) fn is_waiting(&self) -> bool {
        self.lock().waiting
    }

    pub(crate) fn resume(&self) {
        let mut state = self.lock();
        (state.paused, state.waiting) = (false, false);
        self.0.resumed.notify_all();
    }

    /// Bytes of the file after a power loss.
    pub(crate) fn image(&self, survivors: &Survivors) -> Vec<u8> {
        let state = self.lock();
        survivors.image(state.durable.clone(), &state.unsynced)
    }

    /// Waits for `resume`, then counts an operation. Returns an error if it has to fail.
    fn begin(&self, is_sync: bool) -> (MutexGuard<'_, DiskState>, io::Result<()>) {
        let mut state = self.lock();
        state.waiting |= state.paused;
        let mut state = self.0.resumed.wait_while(state, |state| state.paused).unwrap();
        state.operations += 1;
        let outcome = state.next(is_sync);
        (state, outcome)
    }

    fn change(&self, change: Change) -> io::Result<()> {
        let (mut state, outcome) = self.begin(false);
        // The write during which the power went may survive in part.
        let power_just_went = state.fired == Some(FaultKind::PowerLoss) && state.fault.take().is_some();
        if outcome.is_ok() || power_just_went {
            change.apply(&mut state.file);
            state.unsynced.push(change);
        }
        outcome
    }
}

impl DiskState {
    /// Fires the planned fault if it is due. Returns an error if the next operation has to fail.
    fn next(&mut self, is_sync: bool) -> io::Result<()> {
        match &mut self.fault {
            Some(Fault { after, .. }) if *after > 0 => *after -= 1,
            Some(Fault { kind, .. }) => match (*kind, is_sync) {
                (FaultKind::PowerLoss, _) => self.fired = Some(FaultKind::PowerLoss),
                (FaultKind::Sync, true) | (FaultKind::FullOnce, false) => {
                    self.fired = Some(*kind);
                    let kind = if is_sync { io::ErrorKind::Other } else { io::ErrorKind::StorageFull };
                    self.fault = None;
                    return Err(kind.into());
                }
                (FaultKind::Full, false) => {
                    self.fired = Some(FaultKind::Full);
                    return Err(io::ErrorKind::StorageFull.into());
                }
                (FaultKind::Sync, false) | (FaultKind::FullOnce | FaultKind::Full, true) => {}
            },
            None => {}
        }
        self.check_power()
    }

    fn check_power(&self) -> io::Result<()> {
        if self.fired == Some(FaultKind::PowerLoss) {
            Err(io::Error::other("the power is off"))
        } else {
            Ok(())
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        let state = self.lock();
        state.check_power()?;
        Ok(state.file.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.lock();
        state.check_power()?;
        if state.reads_fail {
            return Err(io::Error::other("a bad sector"));
        }
        let start = usize::try_from(offset).unwrap();
        let bytes = state.file.get(start..start + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(Change::Length(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        let (mut state, outcome) = self.begin(true);
        outcome?;
        let DiskState { durable, unsynced, .. } = &mut *state;
        for change in unsynced.drain(..) {
            change.apply(durable);
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let end = usize::try_from(offset).unwrap() + data.len();
        assert!(end <= self.lock().file.len(), "redb writes beyond the end of the file");
        self.change(Change::Write(offset, data.to_vec()))
    }
}
