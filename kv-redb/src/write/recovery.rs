//! The way back from a full disk.
//!
//! redb writes nothing more once a write failed, and reads only what it has in memory. So the store closes its file and
//! opens it again: first for reading alone, through a layer that keeps in memory what redb writes as it opens a file, so
//! that reads go on at once; then, after pauses that grow, in earnest, until a small commit succeeds. The file's lock is
//! kept all the while.

use std::{mem, sync::Arc, time::Duration};

use redb::StorageBackend;

use crate::{
    file::{
        disk::Disk,
        error::{self, guard},
        open::{self, NamespaceRow},
        store_file::{Engine, StoreFile},
        tables::{FORMAT, FORMAT_VERSION},
        transaction::{Change, WriteError, transact},
        versions::Versions,
    },
    read::snapshot::Snapshot,
    write::writer::Writer,
};

/// The first pause before the file is opened again.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// A pause is this many times as long as the last attempt took, which reads the whole file unless
/// [`quick_repair`](crate::RedbStoreBuilder::quick_repair) is on. It bounds what attempts cost on large files.
const PAUSE_PER_ATTEMPT: u32 = 10;
/// Longest time that the store waits for space in all, before it takes no more writes until it is opened again.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Parts that the store is opened from, each time that it is opened again.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) engine: Engine,
    pub(crate) disk: Disk,
    pub(crate) first_pause: Duration,
}

/// The pauses between attempts.
#[derive(Debug)]
pub(crate) struct Recovery {
    first_pause: Duration,
    /// The next pause.
    next_pause: Duration,
    /// Sum of all pauses so far; `None` unless the disk is full.
    waited: Option<Duration>,
}

impl Recovery {
    pub(crate) fn new(source: &Source) -> Self {
        Self { first_pause: source.first_pause, next_pause: source.first_pause, waited: None }
    }

    /// The pause before the next attempt, if the disk is full.
    pub(crate) fn pause(&self) -> Option<tokio::time::Sleep> {
        self.waited.map(|_| tokio::time::sleep(self.next_pause))
    }

    /// A commit succeeded. The next time that the disk is full, the pauses are short again.
    pub(crate) fn succeeded(&mut self) {
        self.next_pause = self.first_pause;
    }

    /// Counts the last pause, and makes the next one longer. Answers whether there is to be one.
    fn wait_longer(&mut self, attempt_took: Duration) -> bool {
        let waited = self.waited.unwrap_or_default() + self.next_pause;
        self.waited = Some(waited);
        let longer = (2 * self.next_pause).max(PAUSE_PER_ATTEMPT * attempt_took);
        // An attempt that takes longer than the longest pause is not made all the time.
        self.next_pause = longer.min(MAX_PAUSE.max(attempt_took));
        waited < MAX_WAIT
    }
}

/// Outcome of an attempt to write again.
enum Attempt {
    Works(Box<(StoreFile, Vec<NamespaceRow>, Versions, Snapshot)>),
    StillFull,
    Failed(redb::Error),
}

impl Writer {
    /// Refuses writes from now on, and lets reads go on.
    pub(crate) fn begin_recovery(&mut self) {
        let state = Arc::clone(&self.state);
        let store = state.path.display();
        tracing::warn!(%store, "the disk is full: the store takes no writes until there is space again");
        self.recovery.waited = Some(Duration::ZERO);
        self.refuse_writes();
        // Nothing that a power cut could take back is to be read.
        if let Err(cause) = self.source.disk.sync_data() {
            return self.give_up(cause.into());
        }
        let opened = guard(|| {
            let file = self.source.engine.open_reading(self.source.disk.clone())?;
            let namespaces = open::load_namespaces(&file)?;
            let snapshot = Snapshot::take(&file)?;
            Ok::<_, redb::Error>((file, namespaces, snapshot))
        });
        match opened {
            Ok((file, namespaces, snapshot)) => {
                // Until here what redb had in memory was read. The last change may be in the file all the same.
                self.state.catalog.replace(namespaces);
                self.state.publish(snapshot);
                self.replace_file(file);
            }
            Err(cause) => tracing::warn!(%store, %cause, "until then reads are answered from memory alone"),
        }
    }

    /// Sees whether the disk has space again.
    pub(crate) fn try_again(&mut self) {
        let began = self.state.ask_clock(|clock| clock.monotonic());
        match self.attempt() {
            Attempt::Works(opened) => {
                let (file, namespaces, versions, snapshot) = *opened;
                self.state.catalog.replace(namespaces);
                self.versions.skip_to(&versions);
                self.state.publish(snapshot);
                // Before the next commit, which may use pages again that are read through the layer in memory.
                self.replace_file(file);
                self.recovery.waited = None;
                self.state.set_full(None);
                let store = self.state.path.display();
                tracing::info!(%store, "the disk has space again: the store takes writes");
            }
            Attempt::StillFull => {
                let ended = self.state.ask_clock(|clock| clock.monotonic());
                let took = ended.and_then(|ended| began.map(|began| ended.saturating_sub(began)));
                if self.recovery.wait_longer(took.unwrap_or_default()) {
                    self.refuse_writes();
                } else {
                    self.give_up(std::io::Error::from(std::io::ErrorKind::StorageFull).into());
                }
            }
            Attempt::Failed(cause) => self.give_up(cause),
        }
    }

    /// Opens the file in earnest, beside the one that is read, and commits something small.
    fn attempt(&self) -> Attempt {
        let Source { engine, disk, .. } = &self.source;
        // Failures from before this attempt say nothing of it.
        disk.was_full();
        let file = match guard(|| engine.open_disk(disk.clone())) {
            Ok(file) => file,
            Err(_) if disk.was_full() => return Attempt::StillFull,
            Err(cause) => return Attempt::Failed(cause),
        };
        let committed = transact(&file, |tables| {
            tables.file()?.insert(FORMAT, FORMAT_VERSION)?;
            Ok(((), Change::Some))
        });
        let loaded = committed.map_err(WriteError::into_cause).and_then(|()| {
            guard(|| Ok((open::load_namespaces(&file)?, open::load_versions(&file)?, Snapshot::take(&file)?)))
        });
        match loaded {
            Ok((namespaces, versions, snapshot)) => {
                Attempt::Works(Box::new((file, namespaces, versions, snapshot)))
            }
            Err(cause) => {
                let is_full = disk.was_full();
                let _ = file.close_but_keep_lock();
                if is_full { Attempt::StillFull } else { Attempt::Failed(cause) }
            }
        }
    }

    /// Refuses writes, and says when the next attempt is.
    fn refuse_writes(&self) {
        // A client is told whole seconds.
        let retry_after = self.recovery.next_pause.max(Duration::from_secs(1));
        self.state.set_full(Some(error::full(&self.state.path, retry_after)));
    }

    /// Takes no more writes until the store is opened again.
    fn give_up(&mut self, cause: redb::Error) {
        self.recovery.waited = None;
        self.state.fail(cause);
    }

    fn replace_file(&mut self, file: StoreFile) {
        // Closing a file whose disk failed fails too.
        let _ = mem::replace(&mut self.file, file).close_but_keep_lock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recovery() -> Recovery {
        Recovery { first_pause: FIRST_PAUSE, next_pause: FIRST_PAUSE, waited: Some(Duration::ZERO) }
    }

    #[test]
    fn pauses_grow_to_a_minute_and_end_after_a_day() {
        let mut recovery = recovery();
        let mut pauses = Vec::new();
        while recovery.wait_longer(Duration::ZERO) {
            pauses.push(recovery.next_pause);
        }
        assert_eq!(pauses[..3], [200, 400, 800].map(Duration::from_millis));
        assert_eq!(pauses.iter().max(), Some(&MAX_PAUSE));
        assert!(pauses.is_sorted());
        let all: Duration = pauses.iter().sum();
        assert!(all.abs_diff(MAX_WAIT) < 2 * MAX_PAUSE, "{all:?}");
    }

    #[test]
    fn a_long_attempt_makes_a_long_pause_and_a_commit_a_short_one() {
        let mut recovery = recovery();
        assert!(recovery.wait_longer(Duration::from_secs(3)));
        assert_eq!(recovery.next_pause, Duration::from_secs(30));
        assert!(recovery.wait_longer(Duration::from_secs(600)));
        assert_eq!(recovery.next_pause, Duration::from_secs(600));
        recovery.succeeded();
        assert_eq!(recovery.next_pause, FIRST_PAUSE);
    }
}
