//! Write transactions that survive damage: redb panics over some damaged pages, and must not do so twice at once.
//!
//! A panic that meets another one while it unwinds ends the process. Destructors of redb's tables and transactions may
//! panic after a panic, so none of them may be on the stack that unwinds: they live out here, the work is done within
//! [`guard`], and each destructor then runs by itself, when the first panic is over.

use std::ops::BitOrAssign;

use crate::file::{
    error::{EngineResult, guard, is_damage},
    store_file::StoreFile,
    tables::Tables,
};

/// Why a transaction was not committed.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// It met damage, and was rolled back before anything of it was written: the store can go on.
    Damage(redb::Error),
    /// Writing failed. What is on the disk is unknown, and redb writes no more.
    Failed(redb::Error),
}

impl WriteError {
    pub(crate) fn into_cause(self) -> redb::Error {
        match self {
            Self::Damage(cause) | Self::Failed(cause) => cause,
        }
    }
}

/// Effect of a transaction on the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing that would have to reach the disk.
    None,
    Some,
}

impl BitOrAssign for Change {
    fn bitor_assign(&mut self, other: Self) {
        if other == Self::Some {
            *self = Self::Some;
        }
    }
}

/// Does `work` in a transaction, and commits it if it changed something. Whatever fails, the transaction is over.
pub(crate) fn transact<T>(
    file: &StoreFile,
    work: impl FnOnce(&mut Tables<'_>) -> EngineResult<(T, Change)>,
) -> Result<T, WriteError> {
    let transaction = guard(|| file.begin_write()).map_err(WriteError::Failed)?;
    let done = match guard(|| Tables::open(&transaction)) {
        Ok(mut tables) => {
            let done = guard(|| work(&mut tables));
            let closed = tables.close();
            done.and_then(|done| closed.map(|()| done))
        }
        Err(cause) => Err(cause),
    };
    let (outcome, change) = match done {
        Ok((outcome, change)) => (Ok(outcome), change),
        Err(cause) if is_damage(&cause) => (Err(WriteError::Damage(cause)), Change::None),
        Err(cause) => (Err(WriteError::Failed(cause)), Change::None),
    };
    let ended = match change {
        Change::Some => guard(|| Ok::<_, redb::Error>(transaction.commit()?)),
        Change::None => guard(|| Ok::<_, redb::Error>(transaction.abort()?)),
    };
    match (outcome, ended) {
        // A failure that was met first says more than that of the rollback.
        (Err(WriteError::Failed(cause)), _) | (_, Err(cause)) => Err(WriteError::Failed(cause)),
        (outcome, Ok(())) => outcome,
    }
}
