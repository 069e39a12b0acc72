//! Salvage of a damaged store: a copy of its whole entries.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use kv_core::{NamespaceId, Result};
use redb::{ReadableTable, WriteTransaction};

use crate::{
    file::{
        create::create_tables,
        error::{RedbResult, copy_failed, open_failed},
        partial::PartialFile,
        store_file::{RedbConfig, StoreFile},
        stored_entry::StoredEntry,
        tables::{NEXT_NAMESPACE, Tables, VERSION_CEILING},
        transaction::WriteError,
    },
    repair::{
        check::survey,
        report::{Progress, SalvageReport},
        survey::{Survey, WholeEntry},
    },
};

/// Length of the page cache of the copy, in bytes.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// Error of writing the copy, as opposed to reading its source.
struct TargetError(redb::Error);

/// Copies every whole entry of the closed store at `path` to a new store at `copy`.
pub(crate) fn salvage(path: &Path, copy: &Path, progress: &mut dyn FnMut(Progress)) -> Result<SalvageReport> {
    match survey(path, |survey| copy_whole(survey, path, copy, progress))? {
        Ok(Ok(report)) => Ok(report),
        Ok(Err(TargetError(cause))) => Err(copy_failed(copy, cause)),
        Err(cause) => Err(open_failed(path, cause.into())),
    }
}

/// Copies the whole entries. The outer error is one of reading the source.
fn copy_whole(
    survey: &mut Survey<'_>,
    path: &Path,
    copy: &Path,
    progress: &mut dyn FnMut(Progress),
) -> io::Result<Result<SalvageReport, TargetError>> {
    let permissions = fs::metadata(path).ok().map(|source| source.permissions());
    let config = RedbConfig { cache_bytes: CACHE_BYTES, quick_repair: false };
    let (partial, file) = match PartialFile::begin(copy, permissions, config) {
        Ok(begun) => begun,
        Err(cause) => return Ok(Err(TargetError(cause))),
    };
    let mut failed = None;
    let report = fill(survey, &file, progress, &mut failed)?;
    let finished = || -> RedbResult<SalvageReport> {
        if let Some(cause) = failed {
            return Err(cause);
        }
        file.database.close()?;
        partial.finish()?;
        Ok(report)
    };
    Ok(finished().map_err(TargetError))
}

/// Writes the whole entries to the copy. A failure of the copy goes to `failed`, one of the source is
/// returned.
fn fill(
    survey: &mut Survey<'_>,
    file: &StoreFile,
    progress: &mut dyn FnMut(Progress),
    failed: &mut Option<redb::Error>,
) -> io::Result<SalvageReport> {
    let begun = create_tables(file).map_err(WriteError::into_cause);
    let transaction = match begun.and_then(|()| file.begin_write()) {
        Ok(transaction) => transaction,
        Err(cause) => {
            *failed = Some(cause);
            return Ok(SalvageReport::default());
        }
    };
    let report = match CopyWriter::begin(&transaction) {
        Ok(mut copy) => {
            survey.entries(
                &mut |_, entry| {
                    if failed.is_none() {
                        *failed = copy.insert(&entry).err();
                    }
                    Ok(())
                },
                progress,
            )?;
            copy.end(survey)
        }
        Err(cause) => Err(cause),
    };
    let committed = report.and_then(|report| Ok(transaction.commit().map(|()| report)?));
    match committed {
        Ok(renamed_namespaces) => {
            Ok(SalvageReport { found: std::mem::take(&mut survey.report), renamed_namespaces })
        }
        Err(cause) => {
            failed.get_or_insert(cause);
            Ok(SalvageReport::default())
        }
    }
}

/// Writer of the copy, in one transaction.
struct CopyWriter<'t> {
    tables: Tables<'t>,
    /// Numbers of the namespaces that have entries.
    numbers: BTreeSet<u32>,
    /// Version above those of all entries.
    version_ceiling: u64,
}

impl<'t> CopyWriter<'t> {
    fn begin(transaction: &'t WriteTransaction) -> RedbResult<Self> {
        Ok(Self { tables: Tables::open(transaction)?, numbers: BTreeSet::new(), version_ceiling: 1 })
    }

    fn insert(&mut self, entry: &WholeEntry<'_>) -> RedbResult<()> {
        let WholeEntry { key, row, entry, chunks } = entry;
        // A misplaced page may show an older version of an entry too: the newer one is kept.
        let other = self.tables.entries.get(key)?.map(|other| other.value().to_owned());
        let other = other.as_deref().and_then(|other| StoredEntry::decode(key, other).ok());
        if let Some(other) = other {
            if other.version.as_u64() >= entry.version.as_u64() {
                return Ok(());
            }
            self.tables.remove(key, &other.header())?;
        }
        self.tables.entries.insert(key, row)?;
        if let Some(expiry) = entry.expires_at {
            self.tables.expiries()?.insert((expiry.as_secs(), *key), ())?;
        }
        for (number, chunk) in (0..).zip(chunks) {
            self.tables.chunks()?.insert((entry.version.as_u64(), number), &chunk[..])?;
        }
        self.numbers.extend(key.first_chunk().map(|number| u32::from_be_bytes(*number)));
        self.version_ceiling = self.version_ceiling.max(entry.version.as_u64().saturating_add(1));
        Ok(())
    }

    /// Writes everything but the entries. Returns how many namespaces got a new id and title.
    fn end(mut self, survey: &Survey<'_>) -> RedbResult<u64> {
        let known: BTreeMap<_, _> = survey.namespaces.iter().collect();
        for (number, (id, title)) in &known {
            self.tables.namespaces()?.insert(id.as_str(), (**number, title.as_str()))?;
            if let Some(jurisdiction) = survey.jurisdictions.get(id.as_str()) {
                self.tables.jurisdictions()?.insert(id.as_str(), jurisdiction.as_str())?;
            }
        }
        let unknown: Vec<u32> =
            self.numbers.iter().copied().filter(|number| !known.contains_key(number)).collect();
        for number in &unknown {
            let id = NamespaceId::new(uuid::Uuid::new_v4().simple().to_string());
            let id = id.map_err(|_| redb::Error::Corrupted("a new id is invalid".to_owned()))?;
            let title = format!("salvaged-{number}");
            self.tables.namespaces()?.insert(id.as_str(), (*number, title.as_str()))?;
        }
        let last = self.numbers.last().max(known.keys().next_back().copied()).copied();
        let next = last.map_or(0, |last| u64::from(last) + 1);
        let read = |name| survey.numbers.get(name).copied().unwrap_or_default();
        let ceiling = self.version_ceiling.max(read(VERSION_CEILING));
        let meta = self.tables.meta()?;
        meta.insert(NEXT_NAMESPACE, next.max(read(NEXT_NAMESPACE)))?;
        meta.insert(VERSION_CEILING, ceiling)?;
        self.tables.close()?;
        Ok(unknown.len() as u64)
    }
}
