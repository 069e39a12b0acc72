//! A batch of changes in one transaction, and what becomes of it where the file is damaged.

use std::collections::HashMap;

use kv_core::{Conditional, Error, Result, Timestamp};

use crate::{
    file::{
        error::{EngineResult, damaged_write},
        store_file::StoreFile,
        tables::Tables,
        transaction::{Change, WriteError, transact},
        versions::Versions,
    },
    read::{catalog::Namespace, snapshot::Snapshot, state::State},
    write::{mutation::Mutation, request::Data, sweep, writer::Writer},
};

/// The mutations that meet damage, by the number of their request and their own in it; of a sweep, the first.
type Damaged = HashMap<(usize, usize), Error>;

impl Writer {
    /// Applies the batch, and a step of the sweep if one is due, in one transaction, and publishes what is there then.
    pub(crate) fn commit(&mut self, batch: &mut [Data], now: Timestamp) -> Result<(), WriteError> {
        self.commit_but(batch, now, &Damaged::new())
    }

    /// Applies what of the batch meets no damage, after all of it met some. What does gets that as its outcome.
    pub(crate) fn commit_around_damage(
        &mut self,
        batch: &mut [Data],
        now: Timestamp,
        cause: redb::Error,
    ) -> Result<(), WriteError> {
        if batch.is_empty() {
            return Ok(());
        }
        let damaged = self.find_damaged(batch, now)?;
        match self.commit_but(batch, now, &damaged) {
            // They meet it only together: none is applied.
            Err(WriteError::Damage(_)) => {
                let error = damaged_write(&self.state.path, cause);
                for data in batch {
                    data.keep_error(&error);
                }
                Ok(())
            }
            committed => committed,
        }
    }

    /// Tries each change in a transaction that is rolled back.
    fn find_damaged(&mut self, batch: &[Data], now: Timestamp) -> Result<Damaged, WriteError> {
        let Self { file, state, versions, .. } = self;
        let mut damaged = Damaged::new();
        let mut note = |place, tried: Result<(), WriteError>| match tried {
            Err(WriteError::Damage(cause)) => {
                damaged.insert(place, damaged_write(&state.path, cause));
                Ok(())
            }
            tried => tried,
        };
        for (number, data) in batch.iter().enumerate() {
            for (index, mutation) in data.mutations().iter().enumerate() {
                let tried = try_out(file, |tables| mutation.apply(tables, now, versions).map(drop));
                note((number, index), tried)?;
            }
            if let Data::Sweep(limit, _) = data {
                let tried = try_out(file, |tables| sweep::step(tables, now, *limit).map(drop));
                note((number, 0), tried)?;
            }
        }
        Ok(damaged)
    }

    fn commit_but(
        &mut self,
        batch: &mut [Data],
        now: Timestamp,
        damaged: &Damaged,
    ) -> Result<(), WriteError> {
        let Self { file, state, versions, sweeping, .. } = self;
        let sweep_is_due = *sweeping;
        let mut something_is_left = false;
        let change = transact(file, |tables| {
            let mut change = Change::None;
            for (number, data) in batch.iter_mut().enumerate() {
                let mut applier = Applier { state, tables, now, versions, damaged, number };
                change |= applier.apply(data)?;
            }
            if sweep_is_due {
                let swept = sweep::step(tables, now, sweep::STEP)?;
                something_is_left = swept.entries == sweep::STEP;
                change |= swept.change;
            }
            if change == Change::Some {
                versions.store(tables)?;
            }
            Ok((change, change))
        })?;
        *sweeping = something_is_left;
        if change == Change::Some {
            versions.stored();
            state.publish(Snapshot::take(file).map_err(WriteError::Failed)?);
        }
        Ok(())
    }
}

fn try_out(
    file: &StoreFile,
    work: impl FnOnce(&mut Tables<'_>) -> EngineResult<()>,
) -> Result<(), WriteError> {
    transact(file, |tables| work(tables).map(|()| ((), Change::None)))
}

/// Parts needed to apply a request.
struct Applier<'a, 't> {
    state: &'a State,
    tables: &'a mut Tables<'t>,
    now: Timestamp,
    versions: &'a mut Versions,
    damaged: &'a Damaged,
    /// The request's number in its batch.
    number: usize,
}

impl Applier<'_, '_> {
    /// Applies one request, and says whether it changed the tables.
    fn apply(&mut self, data: &mut Data) -> EngineResult<Change> {
        let mut change = Change::None;
        match data {
            Data::One(namespace, mutation, answer) => {
                let outcome = self.mutate(0, namespace, mutation)?;
                change = change_of(&outcome);
                answer.keep(outcome);
            }
            Data::Many(namespace, mutations, answer) => {
                let mut outcomes = Vec::with_capacity(mutations.len());
                for (index, mutation) in mutations.iter().enumerate() {
                    let outcome = self.mutate(index, namespace, mutation)?;
                    change |= change_of(&outcome);
                    outcomes.push(outcome);
                }
                answer.keep(Ok(outcomes));
            }
            Data::Sweep(limit, answer) => {
                if let Some(error) = self.damaged.get(&(self.number, 0)) {
                    answer.keep(Err(error.clone()));
                } else {
                    let swept = sweep::step(self.tables, self.now, (*limit).min(sweep::STEP))?;
                    change = swept.change;
                    answer.keep(Ok(swept.entries));
                }
            }
        }
        Ok(change)
    }

    fn mutate(
        &mut self,
        index: usize,
        namespace: &Namespace,
        mutation: &Mutation,
    ) -> EngineResult<Result<Conditional>> {
        if let Err(deleted) = namespace.check() {
            return Ok(Err(deleted));
        }
        // The map is empty in all transactions but those of a damaged file.
        if !self.damaged.is_empty()
            && let Some(error) = self.damaged.get(&(self.number, index))
        {
            return Ok(Err(error.clone()));
        }
        let outcome = mutation.apply(self.tables, self.now, self.versions)?;
        Ok(outcome.map_err(|damage| self.state.damaged(damage)))
    }
}

fn change_of(outcome: &Result<Conditional>) -> Change {
    if matches!(outcome, Ok(Conditional::Applied(_))) { Change::Some } else { Change::None }
}
