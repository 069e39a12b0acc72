//! The one thread that writes.

use std::{pin::pin, sync::Arc};

use futures_util::{FutureExt, future};
use kv_core::Error;
use tokio::{sync::OwnedSemaphorePermit, time::Interval};

use crate::{
    file::{
        error::{damaged_write, guard, write_failed_full},
        store_file::StoreFile,
        transaction::WriteError,
        versions::Versions,
    },
    read::state::State,
    write::{
        namespaces,
        queue::{Queued, Receiver},
        recovery::{Recovery, Source},
        request::{Admin, Data, Request},
    },
};

/// A batch takes no more once it has this much, in KiB of the queue's room: 8 MiB, or 8,192 small requests. It bounds what
/// the first of them waits for.
const MAX_BATCH_KIB: usize = 8 * 1024;

/// How often the writer lets other threads run before it sleeps. A caller whom it has just answered often asks again at
/// once, and sending a thread to sleep and waking it again takes longer than that.
const PATIENCE: usize = 8;

/// The one thread that writes: it takes what waits, applies it in one transaction, syncs once, publishes what is there
/// now, and only then answers all of them.
pub(crate) struct Writer {
    pub(crate) file: StoreFile,
    pub(crate) source: Source,
    pub(crate) state: Arc<State>,
    requests: Receiver,
    pub(crate) versions: Versions,
    /// When to look for expired entries, if at all by itself.
    ticks: Option<Interval>,
    /// Whether the last step of the sweep left something to reclaim.
    pub(crate) sweeping: bool,
    /// A request that could not join the last batch.
    carried: Option<Queued>,
    /// The way back from a full disk, while it is full.
    pub(crate) recovery: Recovery,
}

enum Next {
    Request(Queued),
    Sweep,
    /// It is time to see whether the disk still is full.
    TryAgain,
    End,
}

impl Writer {
    pub(crate) fn new(
        file: StoreFile,
        source: Source,
        state: Arc<State>,
        requests: Receiver,
        versions: Versions,
        ticks: Option<Interval>,
    ) -> Self {
        let recovery = Recovery::new(&source);
        Self { file, source, state, requests, versions, ticks, sweeping: false, carried: None, recovery }
    }

    /// Serves requests until the store is closed or every handle is gone, then closes the file.
    pub(crate) async fn run(mut self) {
        loop {
            match self.next().await {
                Next::Request(Queued { request: Request::Close, .. }) | Next::End => break,
                Next::Request(Queued { request: Request::Data(first), room }) => self.write(first, room),
                Next::Request(Queued { request: Request::Admin(mut request), room }) => {
                    let failure = self.administer(&mut request);
                    request.give(failure.as_ref());
                    drop(room);
                }
                Next::Sweep => drop(self.try_commit(&mut [])),
                Next::TryAgain => self.try_again(),
            }
        }
        let Self { file, state, mut requests, carried, .. } = self;
        requests.close();
        state.withdraw();
        state.end(guard(|| file.close()));
        let closed = state.closed();
        for Queued { request, .. } in carried.into_iter().chain(std::iter::from_fn(|| requests.try_next())) {
            request.refuse(&closed);
        }
    }

    async fn next(&mut self) -> Next {
        if let Some(carried) = self.carried.take() {
            return Next::Request(carried);
        }
        if let Some(pause) = self.recovery.pause() {
            return match future::select(pin!(self.requests.next()), pin!(pause)).await {
                future::Either::Left((request, _)) => request.map_or(Next::End, Next::Request),
                future::Either::Right(_) => Next::TryAgain,
            };
        }
        if self.sweeping {
            return match self.requests.try_next() {
                Some(request) => Next::Request(request),
                None if self.requests.is_finished() => Next::End,
                None => Next::Sweep,
            };
        }
        for _ in 0..PATIENCE {
            if let Some(request) = self.requests.try_next() {
                return Next::Request(request);
            }
            std::thread::yield_now();
        }
        let request = match &mut self.ticks {
            None => self.requests.next().await,
            Some(ticks) => match future::select(pin!(self.requests.next()), pin!(ticks.tick())).await {
                future::Either::Left((request, _)) => request,
                future::Either::Right(_) => {
                    self.sweeping = true;
                    return Next::Sweep;
                }
            },
        };
        request.map_or(Next::End, Next::Request)
    }

    /// Applies `first` and what waits behind it in one transaction, and answers.
    fn write(&mut self, first: Data, room: OwnedSemaphorePermit) {
        let mut kib = room.num_permits();
        let mut batch = vec![first];
        let mut rooms = vec![room];
        while kib < MAX_BATCH_KIB {
            match self.requests.try_next() {
                Some(Queued { request: Request::Data(data), room }) => {
                    kib += room.num_permits();
                    batch.push(data);
                    rooms.push(room);
                }
                other => {
                    self.carried = other;
                    break;
                }
            }
        }
        if self.ticks.as_mut().is_some_and(|ticks| ticks.tick().now_or_never().is_some()) {
            self.sweeping = true;
        }
        let failure = self.try_commit(&mut batch);
        for data in batch {
            data.give(failure.as_ref());
        }
    }

    /// Commits the batch; answers why it could not, now or before.
    fn try_commit(&mut self, batch: &mut [Data]) -> Option<Error> {
        if let Some(refusal) = self.refusal() {
            return Some(refusal);
        }
        let now = match self.state.now() {
            Ok(now) => now,
            Err(panicked) => {
                self.sweeping = false;
                return Some(panicked);
            }
        };
        let committed = match self.commit(batch, now) {
            Err(WriteError::Damage(cause)) => {
                self.met_damage(&cause);
                self.commit_around_damage(batch, now, cause)
            }
            committed => committed,
        };
        self.settle(committed)
    }

    /// Changes the namespaces; answers why it could not, now or before.
    fn administer(&mut self, request: &mut Admin) -> Option<Error> {
        if let Some(refusal) = self.refusal() {
            return Some(refusal);
        }
        match namespaces::apply(&self.file, &self.state, request) {
            Err(WriteError::Damage(cause)) => {
                self.met_damage(&cause);
                Some(damaged_write(&self.state.path, cause))
            }
            done => self.settle(done),
        }
    }

    /// Why the store takes no writes, if it does not.
    fn refusal(&mut self) -> Option<Error> {
        let refusal = self.state.refusal()?;
        self.sweeping = false;
        Some(refusal)
    }

    /// Draws the consequences of a commit: after one that failed, the store waits until its disk has space again, or takes
    /// no more writes. Answers what its callers get.
    fn settle(&mut self, committed: Result<(), WriteError>) -> Option<Error> {
        let Err(cause) = committed.map_err(WriteError::into_cause) else {
            self.recovery.succeeded();
            return None;
        };
        self.sweeping = false;
        if self.source.disk.was_full() {
            let failure = write_failed_full(&self.state.path, cause);
            self.begin_recovery();
            return Some(failure);
        }
        self.state.fail(cause);
        self.state.failure().cloned()
    }

    /// Ends the sweep for as long as the store is open: it would meet the damage over and over.
    fn met_damage(&mut self, cause: &redb::Error) {
        self.sweeping = false;
        if self.ticks.take().is_some() {
            let store = self.state.path.display();
            tracing::error!(%store, %cause, "the store is damaged: expired entries are reclaimed no more");
        }
    }
}

/// Ends the state when it is dropped, if the writer did not: who waits for the end must not wait for ever.
pub(crate) struct Ending(pub(crate) Arc<State>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end(Ok(()));
    }
}
