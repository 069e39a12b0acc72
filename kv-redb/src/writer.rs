//! The one thread that writes.

use std::{pin::pin, sync::Arc};

use futures_util::{FutureExt, future};
use kv_core::{Conditional, Error, Result, Timestamp};
use redb::WriteTransaction;
use tokio::{sync::OwnedSemaphorePermit, time::Interval};

use crate::{
    admin,
    catalog::Namespace,
    error::{EngineResult, damaged, guard},
    file::StoreFile,
    mutation::Mutation,
    queue::{Queued, Receiver},
    request::{Data, Request},
    snapshot::Snapshot,
    state::State,
    sweep,
    tables::Tables,
    versions::Versions,
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
    file: StoreFile,
    state: Arc<State>,
    requests: Receiver,
    versions: Versions,
    /// When to look for expired entries, if at all by itself.
    ticks: Option<Interval>,
    /// Whether the last step of the sweep left something to reclaim.
    sweeping: bool,
    /// A request that could not join the last batch.
    carried: Option<Queued>,
}

enum Next {
    Request(Queued),
    Sweep,
    End,
}

impl Writer {
    pub(crate) fn new(
        file: StoreFile,
        state: Arc<State>,
        requests: Receiver,
        versions: Versions,
        ticks: Option<Interval>,
    ) -> Self {
        Self { file, state, requests, versions, ticks, sweeping: false, carried: None }
    }

    /// Serves requests until the store is closed or every handle is gone, then closes the file.
    pub(crate) async fn run(mut self) {
        loop {
            match self.next().await {
                Next::Request(Queued { request: Request::Close, .. }) | Next::End => break,
                Next::Request(Queued { request: Request::Data(first), room }) => self.write(first, room),
                Next::Request(Queued { request: Request::Admin(mut request), room }) => {
                    let failure =
                        self.attempt(|writer| admin::apply(&writer.file, &writer.state, &mut request));
                    request.give(failure.as_ref());
                    drop(room);
                }
                Next::Sweep => drop(self.try_commit(&mut [])),
            }
        }
        let Self { file, state, mut requests, carried, .. } = self;
        requests.close();
        state.withdraw();
        state.end(guard(|| Ok(file.database.close()?)));
        let closed = state.closed();
        for Queued { request, .. } in carried.into_iter().chain(std::iter::from_fn(|| requests.try_next())) {
            request.refuse(&closed);
        }
    }

    async fn next(&mut self) -> Next {
        if let Some(carried) = self.carried.take() {
            return Next::Request(carried);
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
        let (mut batch, mut rooms) = (vec![first], vec![room]);
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
        let now = self.state.clock.now();
        self.attempt(|writer| writer.commit(batch, now))
    }

    /// Does `work`, which writes, if the store still takes writes; answers why it does not, since now or since before.
    fn attempt(&mut self, work: impl FnOnce(&mut Self) -> EngineResult<()>) -> Option<Error> {
        if self.state.failure().is_none()
            && let Err(cause) = guard(|| work(self))
        {
            self.state.fail(cause);
        }
        let failure = self.state.failure().cloned();
        if failure.is_some() {
            self.sweeping = false;
        }
        failure
    }

    /// Applies the batch, and a step of the sweep if one is due, in one transaction, and publishes what is there then.
    fn commit(&mut self, batch: &mut [Data], now: Timestamp) -> EngineResult<()> {
        let transaction = self.file.begin_write()?;
        let mut changed = false;
        {
            let mut tables = Tables::open(&transaction)?;
            for data in batch {
                changed |= self.apply(&transaction, &mut tables, now, data)?;
            }
            if self.sweeping {
                let swept = sweep::step(&transaction, &mut tables, now, sweep::STEP)?;
                self.sweeping = swept.entries == sweep::STEP;
                changed |= swept.changed;
            }
        }
        if !changed {
            // Conflicts and removals of absent keys alone: nothing that would have to reach the disk.
            transaction.abort()?;
            return Ok(());
        }
        self.versions.store(&transaction)?;
        transaction.commit()?;
        self.state.publish(Snapshot::take(&self.file)?);
        Ok(())
    }

    /// Applies one request, and says whether it changed the tables.
    fn apply(
        &mut self,
        transaction: &WriteTransaction,
        tables: &mut Tables<'_>,
        now: Timestamp,
        data: &mut Data,
    ) -> EngineResult<bool> {
        let mut changed = false;
        match data {
            Data::One(namespace, mutation, answer) => {
                let outcome = self.mutate(tables, now, namespace, mutation)?;
                changed = matches!(outcome, Ok(Conditional::Applied(_)));
                answer.keep(outcome);
            }
            Data::Many(namespace, mutations, answer) => {
                let mut outcomes = Vec::with_capacity(mutations.len());
                for mutation in mutations {
                    let outcome = self.mutate(tables, now, namespace, mutation)?;
                    changed |= matches!(outcome, Ok(Conditional::Applied(_)));
                    outcomes.push(outcome);
                }
                answer.keep(Ok(outcomes));
            }
            Data::Sweep(limit, answer) => {
                let swept = sweep::step(transaction, tables, now, (*limit).min(sweep::STEP))?;
                changed = swept.changed;
                answer.keep(Ok(swept.entries));
            }
        }
        Ok(changed)
    }

    fn mutate(
        &mut self,
        tables: &mut Tables<'_>,
        now: Timestamp,
        namespace: &Namespace,
        mutation: &Mutation,
    ) -> EngineResult<Result<Conditional>> {
        if let Err(deleted) = namespace.check() {
            return Ok(Err(deleted));
        }
        let outcome = mutation.apply(tables, now, &mut self.versions)?;
        Ok(outcome.map_err(|damage| damaged(&self.state.path, damage)))
    }
}

/// Ends the state when it is dropped, if the writer did not: who waits for the end must not wait for ever.
pub(crate) struct Ending(pub(crate) Arc<State>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end(Ok(()));
    }
}
