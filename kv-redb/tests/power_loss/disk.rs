//! A disk with one file, which fails when it is told to.
//!
//! What a sync completed stays. Of what was written since, any part may survive a loss of power, in any order, and some
//! writes in part: their first bytes, their last ones, or some of their sectors. New lengths of the file survive in
//! order, each whole, as a journal of metadata keeps them; what was written behind the length that survives is lost.
//! After a sync that failed, what it was to sync is where it was: a later one may complete it.
//!
//! That is what redb says that it survives: its commits in one phase find out by their checksums that a part of them is
//! missing, whichever part that is, and rely on a single byte for what is whole or not; a longer file is synced before
//! anything refers to its length, and a shorter one is made so after nothing refers to what is cut. What no
//! database without a copy survives is left out: bytes that were synced and change later, bytes that nobody wrote, and a
//! disk that reads back what it dropped after a failed sync.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard},
};

use proptest::prelude::*;
use redb::StorageBackend;

use crate::survivors::{Change, Survivors};

/// How a disk fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// Nothing works from then on, and what was not synced is in danger.
    PowerLoss,
    /// One sync fails.
    Sync,
    /// One write, or change of the length, fails.
    FullOnce,
    /// All writes and changes of the length fail.
    Full,
}

/// A kind, and how many operations that change the file succeed before it.
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
        // A recovery takes about 10 operations, making a file about 30, a batch about 10.
        let after = prop_oneof![1 => 0..12_u64, 2 => 0..40_u64, 4 => 0..200_u64];
        (kind, after).prop_map(|(kind, after)| Self { kind, after })
    }
}

/// A disk with one file; clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<DiskState>,
    resumed: Condvar,
}

#[derive(Default)]
struct DiskState {
    /// What is read back.
    file: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
    /// The fault to come.
    fault: Option<Fault>,
    fired: Option<FaultKind>,
    reads_fail: bool,
    paused: bool,
    waiting: bool,
    /// How many operations changed, or were to change, the file.
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

    /// Lets it fail from now on, or work again.
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

    /// How it failed, if it did.
    pub(crate) fn fired(&self) -> Option<FaultKind> {
        self.lock().fired
    }

    /// What is read back.
    pub(crate) fn file(&self) -> Vec<u8> {
        self.lock().file.clone()
    }

    pub(crate) fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// Holds up whatever changes the file.
    pub(crate) fn pause(&self) {
        self.lock().paused = true;
    }

    /// Whether somebody is held up.
    pub(crate) fn is_waiting(&self) -> bool {
        self.lock().waiting
    }

    pub(crate) fn resume(&self) {
        let mut state = self.lock();
        (state.paused, state.waiting) = (false, false);
        self.0.resumed.notify_all();
    }

    /// The file after the power was lost.
    pub(crate) fn image(&self, survivors: &Survivors) -> Vec<u8> {
        let state = self.lock();
        survivors.image(state.durable.clone(), &state.unsynced)
    }

    /// Waits while it is paused, then counts an operation that changes the file. Answers whether it may be done.
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
        // Some of what was being written as the power went may be there.
        let was_on = state.fired == Some(FaultKind::PowerLoss) && state.fault.take().is_some();
        if outcome.is_ok() || was_on {
            change.apply(&mut state.file);
            state.unsynced.push(change);
        }
        outcome
    }
}

impl DiskState {
    /// Whether the next operation may be done.
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
        assert!(end <= self.lock().file.len(), "redb writes behind the end of the file");
        self.change(Change::Write(offset, data.to_vec()))
    }
}
