//! Write transactions that survive damaged pages.
//!
//! redb panics over some damaged pages, and destructors of its tables and transactions may panic after that.
//! A second panic while the first one unwinds ends the process. So the tables and the transaction are owned
//! here, outside of [`catch_redb_panic`], which the work runs in; each is dropped by itself once the first
//! panic is caught.

use std::ops::BitOrAssign;

use crate::file::{
    error::{RedbResult, catch_redb_panic, is_damage},
    store_file::StoreFile,
    tables::Tables,
};

/// Error of a transaction that was not committed.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// It met damage and was rolled back before anything was written: the store goes on.
    Corrupt(redb::Error),
    /// Writing failed. The contents of the disk are unknown, and redb refuses further writes.
    Failed(redb::Error),
}

impl WriteError {
    pub(crate) fn into_cause(self) -> redb::Error {
        match self {
            Self::Corrupt(cause) | Self::Failed(cause) => cause,
        }
    }
}

/// Effect of a transaction on the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// No change, so nothing to commit.
    None,
    /// Changes to commit.
    Some,
}

impl BitOrAssign for Change {
    fn bitor_assign(&mut self, other: Self) {
        if other == Self::Some {
            *self = Self::Some;
        }
    }
}

/// Runs `work` in a transaction, then commits it if `work` changed something, and rolls it back otherwise.
pub(crate) fn transact<T>(
    file: &StoreFile,
    work: impl FnOnce(&mut Tables<'_>) -> RedbResult<(T, Change)>,
) -> Result<T, WriteError> {
    let transaction = catch_redb_panic(|| file.begin_write()).map_err(WriteError::Failed)?;
    let done = match catch_redb_panic(|| Tables::open(&transaction)) {
        Ok(mut tables) => {
            let done = catch_redb_panic(|| work(&mut tables));
            let closed = tables.close();
            done.and_then(|done| closed.map(|()| done))
        }
        Err(cause) => Err(cause),
    };
    let (outcome, change) = match done {
        Ok((outcome, change)) => (Ok(outcome), change),
        Err(cause) if is_damage(&cause) => (Err(WriteError::Corrupt(cause)), Change::None),
        Err(cause) => (Err(WriteError::Failed(cause)), Change::None),
    };
    let ended = match change {
        Change::Some => catch_redb_panic(|| Ok::<_, redb::Error>(transaction.commit()?)),
        Change::None => catch_redb_panic(|| Ok::<_, redb::Error>(transaction.abort()?)),
    };
    match (outcome, ended) {
        // The first failure says more than that of the rollback after it.
        (Err(WriteError::Failed(cause)), _) | (_, Err(cause)) => Err(WriteError::Failed(cause)),
        (outcome, Ok(())) => outcome,
    }
}
