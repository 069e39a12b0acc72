//! Check of a closed store.

use std::{fs::TryLockError, io, path::Path};

use kv_core::Result;

use crate::{
    file::{
        error::{header_damaged, not_ours, open_failed, unknown_format},
        os_file::{refuse_special, with_shared_lock},
        tables::{FORMAT, FORMAT_VERSION},
    },
    pages::reader::PageReader,
    repair::{
        report::{CheckReport, Progress},
        survey::Survey,
    },
};

/// Checks every page and every entry of the closed store at `path`.
pub(crate) fn check(path: &Path, progress: &mut dyn FnMut(Progress)) -> Result<CheckReport> {
    survey(path, |survey| {
        survey.entries(&mut |_, _| Ok(()), progress)?;
        Ok(std::mem::take(&mut survey.report))
    })?
    .map_err(|cause| open_failed(path, cause.into()))
}

/// Opens a survey of the closed store at `path`, and calls `work` with it. Refuses a file that is open or
/// foreign.
pub(crate) fn survey<T>(
    path: &Path,
    work: impl FnOnce(&mut Survey<'_>) -> io::Result<T>,
) -> Result<io::Result<T>> {
    refuse_special(path)?;
    let surveyed = with_shared_lock(path, |file| {
        let Some(pages) = PageReader::open(file)? else { return Ok(Err(header_damaged(path))) };
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
    surveyed.map_err(|cause| match cause {
        TryLockError::WouldBlock => open_failed(path, redb::Error::DatabaseAlreadyOpen),
        TryLockError::Error(cause) => open_failed(path, cause.into()),
    })?
}
