//! Storage below redb: the open file, its lock, and the failures of writing it.

use std::{
    fs::File,
    io,
    ops::Bound,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
};

use redb::{BackendError, StorageBackend, backends::FileBackend};

use crate::file::{
    error::{RedbResult, is_full},
    os_file::{self, Presence},
};

/// Storage below redb; clones share it. It keeps the file's lock until it is [released](Disk::release),
/// however often redb opens and closes the database in it.
#[derive(Debug, Clone)]
pub(crate) struct Disk(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    backend: Box<dyn StorageBackend>,
    /// Another handle of the file, to look at its presence.
    file: Option<File>,
    /// Length of the file in bytes, as redb set it.
    len: AtomicU64,
    /// The worst failure of writing since the last look: [`WORKS`], [`FULL`] or [`BROKEN`].
    failure: AtomicU8,
    /// Locks that are held. redb asks for them at every opening, and not every system grants a lock that is
    /// held already.
    locked: Mutex<Vec<Lock>>,
    released: AtomicBool,
}

/// Range of a lock in the file, and `true` for a shared one.
type Lock = (Bound<u64>, Bound<u64>, bool);

const WORKS: u8 = 0;
const FULL: u8 = 1;
const BROKEN: u8 = 2;

impl Disk {
    /// Opens the file at `path`. A new one is created with the mode 0600.
    pub(crate) fn open(path: &Path) -> RedbResult<Self> {
        Self::of_file(os_file::options().truncate(false).create(true).open(path)?)
    }

    /// Makes the storage of an open file.
    pub(crate) fn of_file(file: File) -> RedbResult<Self> {
        let len = file.metadata()?.len();
        let copy = file.try_clone()?;
        Ok(Self::new(Box::new(FileBackend::new(file)?), Some(copy), len))
    }

    /// Makes a storage on a backend of the caller.
    #[cfg(any(test, feature = "test-backend"))]
    pub(crate) fn of_backend(backend: impl StorageBackend) -> io::Result<Self> {
        let len = backend.len()?;
        Ok(Self::new(Box::new(backend), None, len))
    }

    fn new(backend: Box<dyn StorageBackend>, file: Option<File>, len: u64) -> Self {
        Self(Arc::new(Inner {
            backend,
            file,
            len: len.into(),
            failure: WORKS.into(),
            locked: Mutex::default(),
            released: false.into(),
        }))
    }

    /// Returns `true` if writes failed since the last call and every failure was a lack of space, and resets
    /// the failures. After such failures the disk still holds what redb expects.
    pub(crate) fn take_full_failure(&self) -> bool {
        self.0.failure.swap(WORKS, Ordering::AcqRel) == FULL
    }

    /// Releases the file's lock. The file must not be used afterwards.
    pub(crate) fn release(&self) -> io::Result<()> {
        self.0.release()
    }

    fn failed(&self, failure: u8) {
        self.0.failure.fetch_max(failure, Ordering::AcqRel);
    }

    /// Notes the failure of a change of the file.
    fn note_failure<T>(&self, changed: io::Result<T>) -> io::Result<T> {
        if let Err(cause) = &changed {
            self.failed(if is_full(cause) { FULL } else { BROKEN });
        }
        changed
    }
}

impl Inner {
    fn locked(&self) -> MutexGuard<'_, Vec<Lock>> {
        self.locked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a lock, unless it is held already.
    fn lock_once(
        &self,
        lock: Lock,
        take: impl FnOnce() -> Result<bool, BackendError>,
    ) -> Result<bool, BackendError> {
        let mut locked = self.locked();
        let has_it = locked.contains(&lock) || take()?;
        if has_it && !locked.contains(&lock) {
            locked.push(lock);
        }
        Ok(has_it)
    }

    fn release(&self) -> io::Result<()> {
        if self.released.swap(true, Ordering::AcqRel) { Ok(()) } else { self.backend.close() }
    }

    /// Fails if the file was deleted or cut short while it was open: what is written to it then is lost.
    fn check(&self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let Presence { len, is_deleted } = os_file::presence(file)?;
        if is_deleted {
            return Err(io::Error::other("the file was deleted while it was open"));
        }
        let expected = self.len.load(Ordering::Acquire);
        if len < expected {
            let message =
                format!("the file was cut short while it was open: {len} bytes are left of {expected}");
            return Err(io::Error::other(message));
        }
        Ok(())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Closing alone could leave the lock to a child process that another thread is starting, which shares
        // open files.
        let _ = self.release();
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.0.backend.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.backend.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.note_failure(self.0.backend.set_len(len))?;
        self.0.len.store(len, Ordering::Release);
        Ok(())
    }

    /// Syncs, then checks that the file still exists and has its length: once per commit, before it is
    /// acknowledged.
    fn sync_data(&self) -> io::Result<()> {
        let synced = self.0.backend.sync_data().and_then(|()| self.0.check());
        if synced.is_err() {
            // After a failed sync, even on a full disk, the contents of the disk are unknown.
            self.failed(BROKEN);
        }
        synced
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.note_failure(self.0.backend.write(offset, data))
    }

    /// Keeps the lock; [`Disk::release`] releases it.
    fn close(&self) -> io::Result<()> {
        Ok(())
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.lock_once((start, end, false), || self.0.backend.try_lock_range(start, end))
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.lock_once((start, end, true), || self.0.backend.try_lock_shared_range(start, end))
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.backend.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.backend.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.locked().retain(|(locked_start, locked_end, _)| (*locked_start, *locked_end) != (start, end));
        self.0.backend.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.backend.query_lock_range(start, end)
    }
}
