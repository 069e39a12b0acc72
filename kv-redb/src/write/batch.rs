//! Transaction of a batch of writes, and its repetition without the writes that meet damage.

use std::collections::HashMap;

use kv_core::{Conditional, Error, Result, Timestamp};

use crate::{
    file::{
        error::{RedbResult, write_met_damage},
        store_file::StoreFile,
        tables::Tables,
        transaction::{Change, WriteError, transact},
        versions::Versions,
    },
    read::{catalog::NamespaceState, snapshot::Snapshot, state::StoreState},
    write::{mutation::Mutation, request::Write, sweep, writer::Writer},
};

/// Errors of the mutations that meet damage, by the index of their request and their own index in it; 0 for a
/// sweep.
type DamagedMutations = HashMap<(usize, usize), Error>;

impl Writer {
    /// Applies the batch, and a step of the sweep if one is due, in one transaction, and publishes the
    /// result.
    pub(crate) fn commit_whole(&mut self, batch: &mut [Write], now: Timestamp) -> Result<(), WriteError> {
        self.commit_except(&DamagedMutations::new(), batch, now)
    }

    /// Applies the mutations of a batch that meet no damage, after the whole batch met some. The others get
    /// an error.
    pub(crate) fn commit_undamaged(
        &mut self,
        batch: &mut [Write],
        now: Timestamp,
        cause: redb::Error,
    ) -> Result<(), WriteError> {
        if batch.is_empty() {
            return Ok(());
        }
        let damaged = self.find_damaged(batch, now)?;
        match self.commit_except(&damaged, batch, now) {
            // They meet damage only together: none is applied.
            Err(WriteError::Corrupt(_)) => {
                let error = write_met_damage(&self.state.path, cause);
                for write in batch {
                    write.set_error(&error);
                }
                Ok(())
            }
            committed => committed,
        }
    }

    /// Finds the mutations that meet damage, by trying each in a transaction that is rolled back.
    fn find_damaged(&mut self, batch: &[Write], now: Timestamp) -> Result<DamagedMutations, WriteError> {
        let Self { file, state, versions, .. } = self;
        let mut damaged = DamagedMutations::new();
        let mut note = |place, tried: Result<(), WriteError>| match tried {
            Err(WriteError::Corrupt(cause)) => {
                damaged.insert(place, write_met_damage(&state.path, cause));
                Ok(())
            }
            tried => tried,
        };
        for (request, write) in batch.iter().enumerate() {
            for (index, mutation) in write.mutations().iter().enumerate() {
                let tried = try_out(file, |tables| mutation.apply_to(tables, now, versions).map(drop));
                note((request, index), tried)?;
            }
            if let Write::Sweep(limit, _) = write {
                let tried = try_out(file, |tables| sweep::step(tables, now, *limit).map(drop));
                note((request, 0), tried)?;
            }
        }
        Ok(damaged)
    }

    /// Applies the batch without its `damaged` mutations, which get their errors, and a step of the sweep if
    /// one is due.
    fn commit_except(
        &mut self,
        damaged: &DamagedMutations,
        batch: &mut [Write],
        now: Timestamp,
    ) -> Result<(), WriteError> {
        let Self { file, state, versions, sweeping, .. } = self;
        let sweep_is_due = *sweeping;
        let mut has_more_to_sweep = false;
        let change = transact(file, |tables| {
            let mut change = Change::None;
            for (request, write) in batch.iter_mut().enumerate() {
                let mut applier = Applier { state, tables, now, versions, damaged, request };
                change |= applier.apply_write(write)?;
            }
            if sweep_is_due {
                let swept = sweep::step(tables, now, sweep::MAX_STEP)?;
                has_more_to_sweep = swept.entries == sweep::MAX_STEP;
                change |= swept.change;
            }
            if change == Change::Some {
                versions.store(tables)?;
            }
            Ok((change, change))
        })?;
        *sweeping = has_more_to_sweep;
        if change == Change::Some {
            versions.set_stored();
            state.publish(Snapshot::take(file).map_err(WriteError::Failed)?);
        }
        Ok(())
    }
}

/// Runs `work` in a transaction that is rolled back.
fn try_out(file: &StoreFile, work: impl FnOnce(&mut Tables<'_>) -> RedbResult<()>) -> Result<(), WriteError> {
    transact(file, |tables| work(tables).map(|()| ((), Change::None)))
}

/// Applier of one request of a batch.
struct Applier<'a, 't> {
    state: &'a StoreState,
    tables: &'a mut Tables<'t>,
    now: Timestamp,
    versions: &'a mut Versions,
    damaged: &'a DamagedMutations,
    /// Index of the request in its batch.
    request: usize,
}

impl Applier<'_, '_> {
    /// Applies the request and sets its outcome. Returns whether it changed the tables.
    fn apply_write(&mut self, write: &mut Write) -> RedbResult<Change> {
        let mut change = Change::None;
        match write {
            Write::Single(namespace, mutation, reply) => {
                let outcome = self.apply_mutation(0, namespace, mutation)?;
                change = change_of(&outcome);
                reply.set(outcome);
            }
            Write::Batch(namespace, mutations, reply) => {
                let mut outcomes = Vec::with_capacity(mutations.len());
                for (index, mutation) in mutations.iter().enumerate() {
                    let outcome = self.apply_mutation(index, namespace, mutation)?;
                    change |= change_of(&outcome);
                    outcomes.push(outcome);
                }
                reply.set(Ok(outcomes));
            }
            Write::Sweep(limit, reply) => {
                if let Some(error) = self.damaged.get(&(self.request, 0)) {
                    reply.set(Err(error.clone()));
                } else {
                    let swept = sweep::step(self.tables, self.now, (*limit).min(sweep::MAX_STEP))?;
                    change = swept.change;
                    reply.set(Ok(swept.entries));
                }
            }
        }
        Ok(change)
    }

    fn apply_mutation(
        &mut self,
        index: usize,
        namespace: &NamespaceState,
        mutation: &Mutation,
    ) -> RedbResult<Result<Conditional>> {
        if let Err(deleted) = namespace.check() {
            return Ok(Err(deleted));
        }
        // The map is empty unless the file is damaged.
        if !self.damaged.is_empty()
            && let Some(error) = self.damaged.get(&(self.request, index))
        {
            return Ok(Err(error.clone()));
        }
        let outcome = mutation.apply_to(self.tables, self.now, self.versions)?;
        Ok(outcome.map_err(|corrupt| self.state.corrupt_entry(corrupt)))
    }
}

fn change_of(outcome: &Result<Conditional>) -> Change {
    if matches!(outcome, Ok(Conditional::Applied(_))) { Change::Some } else { Change::None }
}
