//! Recovery from a full disk.
//!
//! After a failed write redb writes nothing more, and reads only pages that it has in memory. So the store
//! closes its file and opens it again: first for reading, through an [overlay](crate::file::overlay) that
//! keeps in memory what redb writes as it opens a file; then, after pauses that grow, for writing, until a
//! small commit succeeds. The file's lock is kept all the time.

use std::{mem, sync::Arc, time::Duration};

use redb::StorageBackend;

use crate::{
    file::{
        disk::Disk,
        error::{self, catch_redb_panic},
        open::{self, NamespaceRow},
        store_file::{RedbConfig, StoreFile},
        tables::{FORMAT, FORMAT_VERSION},
        transaction::{Change, WriteError, transact},
        versions::Versions,
    },
    read::snapshot::Snapshot,
    write::writer::Writer,
};

/// The first pause before the file is opened again.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Upper bound on the pauses.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// Ratio of a pause to the time that the last attempt took, at least. An attempt reads the whole file unless
/// [`quick_repair`](crate::RedbStoreBuilder::quick_repair) is on, so this bounds the load on large files.
const PAUSE_PER_ATTEMPT: u32 = 10;
/// Upper bound on the sum of the pauses. After it the store takes no more writes until it is opened again.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Parts needed to open the store's file again.
#[derive(Debug, Clone)]
pub(crate) struct FileSource {
    pub(crate) config: RedbConfig,
    pub(crate) disk: Disk,
    pub(crate) first_pause: Duration,
}

/// Schedule of the attempts to write again.
#[derive(Debug)]
pub(crate) struct RetrySchedule {
    first_pause: Duration,
    next_pause: Duration,
    /// Sum of the pauses so far; `None` while the disk is not full.
    waited: Option<Duration>,
}

impl RetrySchedule {
    /// Makes the schedule of a store whose disk is not full.
    pub(crate) fn new(source: &FileSource) -> Self {
        Self { first_pause: source.first_pause, next_pause: source.first_pause, waited: None }
    }

    /// Returns the pause before the next attempt, if the disk is full.
    pub(crate) fn pause(&self) -> Option<Duration> {
        self.waited.map(|_| self.next_pause)
    }

    /// Makes the pauses short again, after a successful commit.
    pub(crate) fn reset(&mut self) {
        self.next_pause = self.first_pause;
    }

    /// Counts the last pause and makes the next one longer. `false` once [`MAX_WAIT`] is used up.
    fn wait_longer(&mut self, attempt_took: Duration) -> bool {
        let waited = self.waited.unwrap_or_default() + self.next_pause;
        self.waited = Some(waited);
        let longer = (2 * self.next_pause).max(PAUSE_PER_ATTEMPT * attempt_took);
        // Even attempts that take longer than MAX_PAUSE are followed by a pause of their own length.
        self.next_pause = longer.min(MAX_PAUSE.max(attempt_took));
        waited < MAX_WAIT
    }
}

/// Outcome of an attempt to write again.
enum Attempt {
    Writable(Box<(StoreFile, Vec<NamespaceRow>, Versions, Snapshot)>),
    StillFull,
    Failed(redb::Error),
}

impl Writer {
    /// Refuses writes from now on, and opens the file again for reading.
    pub(crate) fn begin_recovery(&mut self) {
        let state = Arc::clone(&self.state);
        let store = state.path.display();
        tracing::warn!(%store, "the disk is full: the store takes no writes until there is space");
        self.retries.waited = Some(Duration::ZERO);
        self.refuse_writes();
        // Readers must not see what a power cut could take back.
        if let Err(cause) = self.source.disk.sync_data() {
            return self.give_up(cause.into());
        }
        let opened = catch_redb_panic(|| {
            let file = self.source.config.open_read_only(self.source.disk.clone())?;
            let namespaces = open::load_namespaces(&file)?;
            let snapshot = Snapshot::take(&file)?;
            Ok::<_, redb::Error>((file, namespaces, snapshot))
        });
        match opened {
            Ok((file, namespaces, snapshot)) => {
                // Until now reads saw the snapshot before the failed commit. That commit may be in the file
                // all the same.
                self.state.catalog.replace(namespaces);
                self.state.publish(snapshot);
                self.replace_file(file);
            }
            Err(cause) => {
                tracing::warn!(%store, %cause, "until there is space, reads are answered from memory");
            }
        }
    }

    /// Tries to write again, and ends the recovery if that succeeds.
    pub(crate) fn retry_disk(&mut self) {
        let began = self.state.ask_clock(|clock| clock.monotonic());
        match self.try_to_write() {
            Attempt::Writable(opened) => {
                let (file, namespaces, versions, snapshot) = *opened;
                self.state.catalog.replace(namespaces);
                self.versions.skip_to(&versions);
                self.state.publish(snapshot);
                // Retires the overlay before the next commit, which may reuse pages that are read through it.
                self.replace_file(file);
                self.retries.waited = None;
                self.state.set_disk_full(None);
                let store = self.state.path.display();
                tracing::info!(%store, "the disk has space again: the store takes writes");
            }
            Attempt::StillFull => {
                let ended = self.state.ask_clock(|clock| clock.monotonic());
                let took = ended.and_then(|ended| began.map(|began| ended.saturating_sub(began)));
                if self.retries.wait_longer(took.unwrap_or_default()) {
                    self.refuse_writes();
                } else {
                    self.give_up(std::io::Error::from(std::io::ErrorKind::StorageFull).into());
                }
            }
            Attempt::Failed(cause) => self.give_up(cause),
        }
    }

    /// Opens the file for writing, beside the one that is read, and makes a small commit.
    fn try_to_write(&self) -> Attempt {
        let FileSource { config, disk, .. } = &self.source;
        // Resets the failures from before this attempt.
        disk.take_full_failure();
        let file = match catch_redb_panic(|| config.open_disk(disk.clone())) {
            Ok(file) => file,
            Err(_) if disk.take_full_failure() => return Attempt::StillFull,
            Err(cause) => return Attempt::Failed(cause),
        };
        let committed = transact(&file, |tables| {
            tables.meta()?.insert(FORMAT, FORMAT_VERSION)?;
            Ok(((), Change::Some))
        });
        let loaded = committed.map_err(WriteError::into_cause).and_then(|()| {
            catch_redb_panic(|| {
                Ok((open::load_namespaces(&file)?, open::load_versions(&file)?, Snapshot::take(&file)?))
            })
        });
        match loaded {
            Ok((namespaces, versions, snapshot)) => {
                Attempt::Writable(Box::new((file, namespaces, versions, snapshot)))
            }
            Err(cause) => {
                let is_full = disk.take_full_failure();
                let _ = file.close_keeping_lock();
                if is_full { Attempt::StillFull } else { Attempt::Failed(cause) }
            }
        }
    }

    /// Refuses writes, with the pause before the next attempt as the time to retry after.
    fn refuse_writes(&self) {
        // `Retry-After` has whole seconds.
        let retry_after = self.retries.next_pause.max(Duration::from_secs(1));
        self.state.set_disk_full(Some(error::disk_full(&self.state.path, retry_after)));
    }

    /// Takes no more writes until the store is opened again.
    fn give_up(&mut self, cause: redb::Error) {
        self.retries.waited = None;
        self.state.fail_writes(cause);
    }

    fn replace_file(&mut self, file: StoreFile) {
        // Closing a file on a failed disk fails too.
        let _ = mem::replace(&mut self.file, file).close_keeping_lock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> RetrySchedule {
        RetrySchedule { first_pause: FIRST_PAUSE, next_pause: FIRST_PAUSE, waited: Some(Duration::ZERO) }
    }

    #[test]
    fn pauses_grow_to_a_minute_and_end_after_a_day() {
        let mut schedule = schedule();
        let mut pauses = Vec::new();
        while schedule.wait_longer(Duration::ZERO) {
            pauses.push(schedule.next_pause);
        }
        assert_eq!(pauses[..3], [200, 400, 800].map(Duration::from_millis));
        assert_eq!(pauses.iter().max(), Some(&MAX_PAUSE));
        assert!(pauses.is_sorted());
        let all: Duration = pauses.iter().sum();
        assert!(all.abs_diff(MAX_WAIT) < 2 * MAX_PAUSE, "{all:?}");
    }

    #[test]
    fn a_long_attempt_makes_a_long_pause_and_a_commit_makes_it_short_again() {
        let mut schedule = schedule();
        assert!(schedule.wait_longer(Duration::from_secs(3)));
        assert_eq!(schedule.next_pause, Duration::from_secs(30));
        assert!(schedule.wait_longer(Duration::from_secs(600)));
        assert_eq!(schedule.next_pause, Duration::from_secs(600));
        schedule.reset();
        assert_eq!(schedule.next_pause, FIRST_PAUSE);
    }
}
