//! A look at a file's checksums, before it is opened and on demand.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

use kv_core::Result;
use redb::TableHandle;

use crate::{
    blocking,
    file::{
        error::{header_damaged, not_ours, open_failed, unknown_format},
        open::refuse_special,
        tables::{DEADLINES, ENTRIES, FILLER, FORMAT, FORMAT_VERSION, PIECES},
    },
    pages::reader::Pages,
    repair::{
        report::{CheckReport, Progress},
        survey::{Survey, count_damaged},
    },
    store::RedbStore,
};

/// Part of a file that is checked against its checksums before the file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Pages that redb keeps for itself, and those of the small tables: only a few. A commit goes through them, and
    /// redb cannot be kept from ending the process where it meets a damaged one.
    Bookkeeping,
    /// Every page.
    All,
}

/// Number of pages that do not match their checksums. It is 0, without a count, for a file that redb is going to check
/// by itself, and for one that somebody has open: opening it says so.
pub(crate) fn count_damaged_pages(path: &Path, extent: Extent) -> io::Result<u64> {
    let counted = with_lock(path, |file| count(file, extent));
    match counted {
        Err(TryLockError::WouldBlock) => Ok(0),
        Err(TryLockError::Error(cause)) if cause.kind() == io::ErrorKind::Unsupported => Ok(0),
        Err(TryLockError::Error(cause)) => Err(cause),
        Ok(damaged) => Ok(damaged),
    }
}

/// Looks at a file that nobody has open for writing meanwhile.
fn with_lock<T>(path: &Path, look: impl FnOnce(&File) -> io::Result<T>) -> Result<T, TryLockError> {
    let file = File::open(path).map_err(TryLockError::Error)?;
    file.try_lock_shared()?;
    let outcome = look(&file);
    // Closing alone would leave the lock to a process that another thread is just starting.
    file.unlock().and(outcome).map_err(TryLockError::Error)
}

fn count(file: &File, extent: Extent) -> io::Result<u64> {
    let Some(pages) = Pages::open(file)?.filter(Pages::is_trusted) else { return Ok(0) };
    let Some(slot) = pages.slots().next() else { return Ok(0) };
    if extent == Extent::All {
        return count_damaged(&pages, slot);
    }
    let (system, damaged_system) = pages.tables(slot.system)?;
    let (user, damaged_user) = pages.tables(slot.user)?;
    let others = [ENTRIES.name(), PIECES.name(), DEADLINES.name(), FILLER.name()];
    let small = user.into_iter().filter(|(name, _)| !others.contains(&name.as_str()));
    let counts = system.into_iter().chain(small).map(|(_, table)| pages.count_damaged(table));
    Ok(damaged_system + damaged_user + counts.sum::<io::Result<u64>>()?)
}

impl RedbStore {
    /// Looks at every page and every entry of the closed store at `path`, and tells what is damaged. The file stays as it
    /// is; it may be one that does not open any more. `progress` is called now and then, on another thread.
    ///
    /// It reads the whole file, on the blocking pool, and needs memory for each large value: some 50 bytes for every
    /// 256 KiB of it.
    ///
    /// ```
    /// # use kv_core::{KvStore, prelude::*};
    /// # use kv_redb::RedbStore;
    /// # #[tokio::main]
    /// # async fn main() -> kv_core::Result<()> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("app.kv");
    /// # let store = RedbStore::open(&path).await?;
    /// # store.open_namespace("sessions").await?.put("17", "ada").await?;
    /// # store.close().await?;
    /// let report = RedbStore::check(&path, |_| ()).await?;
    /// assert!(report.is_whole());
    /// assert_eq!(report.whole_entries, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Locked`](kv_core::ErrorKind::Locked) if the file is open, here or elsewhere; [`Corrupt`](kv_core::ErrorKind::Corrupt)
    /// if it is not a store of this crate, of an unknown version, or damaged in its header;
    /// [`Other`](kv_core::ErrorKind::Other) if it cannot be read.
    pub async fn check(
        path: impl AsRef<Path>,
        progress: impl FnMut(Progress) + Send + 'static,
    ) -> Result<CheckReport> {
        let path = path.as_ref().to_owned();
        blocking::run(move || Self::check_blocking(path, progress)).await
    }

    /// As [`check`](RedbStore::check), blocking the calling thread: for code outside a runtime.
    ///
    /// # Errors
    ///
    /// As [`check`](RedbStore::check).
    pub fn check_blocking(path: impl AsRef<Path>, mut progress: impl FnMut(Progress)) -> Result<CheckReport> {
        let path = path.as_ref();
        let checked = survey(path, |survey| {
            survey.entries(&mut |_, _| Ok(()), &mut progress)?;
            Ok(std::mem::take(&mut survey.report))
        });
        checked
            .map_err(|error| error.with_operation("check"))?
            .map_err(|cause| open_failed(path, cause.into()))
    }
}

/// Surveys the store at `path`, if it is one.
pub(crate) fn survey<T>(
    path: &Path,
    work: impl FnOnce(&mut Survey<'_>) -> io::Result<T>,
) -> Result<io::Result<T>> {
    refuse_special(path)?;
    let looked = with_lock(path, |file| {
        let Some(pages) = Pages::open(file)? else { return Ok(Err(header_damaged(path))) };
        let Some(mut survey) = Survey::begin(&pages, file.metadata()?.len())? else {
            return Ok(Err(header_damaged(path)));
        };
        let format = survey.numbers.get(FORMAT).copied();
        if let Some(found) = format.filter(|found| *found != FORMAT_VERSION) {
            return Ok(Err(unknown_format(path, found, FORMAT_VERSION)));
        }
        if format.is_none() && survey.report.damaged_pages == 0 && !survey.is_ours() {
            return Ok(Err(not_ours(path)));
        }
        Ok(Ok(work(&mut survey)))
    });
    looked.map_err(|cause| match cause {
        TryLockError::WouldBlock => open_failed(path, redb::Error::DatabaseAlreadyOpen),
        TryLockError::Error(cause) => open_failed(path, cause.into()),
    })?
}
