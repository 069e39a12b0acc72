//! Writer: the one thread of a store that writes, and its group commit.

use std::sync::{
    Arc,
    mpsc::{RecvTimeoutError, TryRecvError},
};

use kv_core::Error;
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    file::{
        error::{catch_redb_panic, write_filled_disk, write_met_damage},
        store_file::StoreFile,
        transaction::WriteError,
        versions::Versions,
    },
    read::state::StoreState,
    write::{
        namespaces,
        queue::{Queued, Receiver},
        recovery::{FileSource, RetrySchedule},
        request::{NamespaceRequest, Request, Write},
        sweep::SweepTimer,
    },
};

/// Size at which a batch is complete, in KiB as the queue counts them: 8 MiB, or 8,192 small requests. It
/// bounds how long the first request of a batch waits.
const MAX_BATCH_KIB: usize = 8 * 1024;

/// Number of times that the writer yields to other threads before it sleeps. A caller often sends its next
/// request as soon as it has its reply, and putting the thread to sleep and waking it takes longer than that.
const SPIN_YIELDS: usize = 8;

/// Writer of a store. It takes the queued requests, applies them in one transaction, syncs once, publishes
/// the new snapshot, and only then replies to all of them.
pub(crate) struct Writer {
    pub(crate) file: StoreFile,
    pub(crate) source: FileSource,
    pub(crate) state: Arc<StoreState>,
    requests: Receiver,
    pub(crate) versions: Versions,
    /// Timer of the sweeps; `None` if the store does not sweep by itself.
    sweeps: Option<SweepTimer>,
    /// `true` if a sweep is due, or the last step of one left entries to reclaim.
    pub(crate) sweeping: bool,
    /// Request that came during the last batch and could not join it.
    deferred: Option<Queued>,
    /// Schedule of the attempts to write again while the disk is full.
    pub(crate) retries: RetrySchedule,
}

/// Next step of the writer.
enum Step {
    Serve(Queued),
    Sweep,
    /// Look whether the disk still is full.
    RetryDisk,
    /// Close the file: every handle is dropped.
    Close,
}

impl Writer {
    pub(crate) fn new(
        file: StoreFile,
        source: FileSource,
        state: Arc<StoreState>,
        requests: Receiver,
        versions: Versions,
        sweeps: Option<SweepTimer>,
    ) -> Self {
        let retries = RetrySchedule::new(&source);
        Self { file, source, state, requests, versions, sweeps, sweeping: false, deferred: None, retries }
    }

    /// Serves requests until the store is closed or every handle is dropped, then closes the file.
    pub(crate) fn run(mut self) {
        loop {
            match self.next() {
                Step::Serve(Queued { request: Request::Close, .. }) | Step::Close => break,
                Step::Serve(Queued { request: Request::Write(first), permits }) => {
                    self.serve_writes(first, permits);
                }
                Step::Serve(Queued { request: Request::Namespaces(mut request), permits }) => {
                    let error = self.serve_namespaces(&mut request);
                    request.send_reply(error.as_ref());
                    drop(permits);
                }
                Step::Sweep => drop(self.commit_batch(&mut [])),
                Step::RetryDisk => self.retry_disk(),
            }
        }
        let Self { file, state, requests, deferred, .. } = self;
        requests.close();
        state.unpublish();
        state.set_closed(catch_redb_panic(|| file.close()));
        let closed = state.closed_error();
        for Queued { request, .. } in
            deferred.into_iter().chain(std::iter::from_fn(|| requests.try_next().ok()))
        {
            request.refuse(&closed);
        }
    }

    /// Waits for the next step.
    fn next(&mut self) -> Step {
        if let Some(deferred) = self.deferred.take() {
            return Step::Serve(deferred);
        }
        if let Some(pause) = self.retries.pause() {
            return match self.requests.next(Some(pause)) {
                Ok(request) => Step::Serve(request),
                Err(RecvTimeoutError::Timeout) => Step::RetryDisk,
                Err(RecvTimeoutError::Disconnected) => Step::Close,
            };
        }
        if self.sweeping {
            return match self.requests.try_next() {
                Ok(request) => Step::Serve(request),
                Err(TryRecvError::Empty) => Step::Sweep,
                Err(TryRecvError::Disconnected) => Step::Close,
            };
        }
        for _ in 0..SPIN_YIELDS {
            if let Ok(request) = self.requests.try_next() {
                return Step::Serve(request);
            }
            std::thread::yield_now();
        }
        match self.requests.next(self.sweeps.as_ref().map(SweepTimer::remaining)) {
            Ok(request) => Step::Serve(request),
            Err(RecvTimeoutError::Timeout) => {
                self.start_sweep_if_due();
                Step::Sweep
            }
            Err(RecvTimeoutError::Disconnected) => Step::Close,
        }
    }

    /// Makes a sweep part of the next transaction if one is due.
    fn start_sweep_if_due(&mut self) {
        if self.sweeps.as_mut().is_some_and(SweepTimer::fire) {
            self.sweeping = true;
        }
    }

    /// Serves `first` and the writes queued behind it: one transaction, then the replies.
    fn serve_writes(&mut self, first: Write, permits: OwnedSemaphorePermit) {
        let mut kib = permits.num_permits();
        let mut batch = vec![first];
        // Held until the replies are sent.
        let mut held = vec![permits];
        while kib < MAX_BATCH_KIB {
            match self.requests.try_next() {
                Ok(Queued { request: Request::Write(write), permits }) => {
                    kib += permits.num_permits();
                    batch.push(write);
                    held.push(permits);
                }
                other => {
                    self.deferred = other.ok();
                    break;
                }
            }
        }
        self.start_sweep_if_due();
        let error = self.commit_batch(&mut batch);
        for write in batch {
            write.send_reply(error.as_ref());
        }
    }

    /// Commits the batch, without the writes that meet damage. Returns the error of the whole batch if it was
    /// not committed.
    fn commit_batch(&mut self, batch: &mut [Write]) -> Option<Error> {
        if let Some(refusal) = self.refuse_writes_if_failed() {
            return Some(refusal);
        }
        let now = match self.state.now() {
            Ok(now) => now,
            Err(panicked) => {
                self.sweeping = false;
                return Some(panicked);
            }
        };
        let committed = match self.commit_whole(batch, now) {
            Err(WriteError::Corrupt(cause)) => {
                self.stop_sweeping(&cause);
                self.commit_undamaged(batch, now, cause)
            }
            committed => committed,
        };
        self.conclude(committed)
    }

    /// Changes the namespaces. Returns the error of the request if its transaction was not committed.
    fn serve_namespaces(&mut self, request: &mut NamespaceRequest) -> Option<Error> {
        if let Some(refusal) = self.refuse_writes_if_failed() {
            return Some(refusal);
        }
        match namespaces::serve(&self.file, &self.state, request) {
            Err(WriteError::Corrupt(cause)) => {
                self.stop_sweeping(&cause);
                Some(write_met_damage(&self.state.path, cause))
            }
            committed => self.conclude(committed),
        }
    }

    /// Returns the error of writes, if the store takes none. Then it does not sweep either.
    fn refuse_writes_if_failed(&mut self) -> Option<Error> {
        let refusal = self.state.write_refusal()?;
        self.sweeping = false;
        Some(refusal)
    }

    /// Concludes a commit. After a failed one the store waits until its disk has space again, or takes no
    /// more writes. Returns the error of the callers.
    fn conclude(&mut self, committed: Result<(), WriteError>) -> Option<Error> {
        let Err(cause) = committed.map_err(WriteError::into_cause) else {
            self.retries.reset();
            return None;
        };
        self.sweeping = false;
        if self.source.disk.take_full_failure() {
            let error = write_filled_disk(&self.state.path, cause);
            self.begin_recovery();
            return Some(error);
        }
        self.state.fail_writes(cause);
        self.state.write_failure().cloned()
    }

    /// Turns the sweeps off until the store is opened again: they would meet the damage each time.
    fn stop_sweeping(&mut self, cause: &redb::Error) {
        self.sweeping = false;
        if self.sweeps.take().is_some() {
            let store = self.state.path.display();
            tracing::error!(%store, %cause, "the store is damaged: no sweeps until it is opened again");
        }
    }
}

/// Marks the store as closed on drop, so that `close()` cannot wait for ever if the writer panics.
pub(crate) struct CloseOnDrop(pub(crate) Arc<StoreState>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.set_closed(Ok(()));
    }
}
