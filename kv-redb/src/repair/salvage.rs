//! Copying what is whole out of a damaged file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use kv_core::{NamespaceId, Result};
use redb::{ReadableTable, WriteTransaction};

use crate::{
    file::{
        create::lay_out,
        error::{EngineResult, copy_failed, open_failed},
        partial::Partial,
        store_file::{Engine, StoreFile},
        stored_entry::Record,
        tables::{NEXT_NAMESPACE, Tables, VERSION_CEILING},
        transaction::WriteError,
    },
    repair::{
        check::survey,
        report::{Progress, SalvageReport},
        survey::{Survey, WholeEntry},
    },
};

/// Bytes of itself that the copy keeps in memory.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// A failure of the copy, and not of what is copied.
struct CopyFailed(redb::Error);

/// Copies every whole entry of the closed store at `path` to a new store at `copy`.
pub(crate) fn salvage(path: &Path, copy: &Path, progress: &mut dyn FnMut(Progress)) -> Result<SalvageReport> {
    match survey(path, |survey| Ok(copy_whole(survey, path, copy, progress)))? {
        Ok(Ok(Ok(report))) => Ok(report),
        Ok(Ok(Err(CopyFailed(cause)))) => Err(copy_failed(copy, cause)),
        Ok(Err(cause)) | Err(cause) => Err(open_failed(path, cause.into())),
    }
}

fn copy_whole(
    survey: &mut Survey<'_>,
    path: &Path,
    copy: &Path,
    progress: &mut dyn FnMut(Progress),
) -> io::Result<Result<SalvageReport, CopyFailed>> {
    let permissions = fs::metadata(path).ok().map(|source| source.permissions());
    let engine = Engine { cache_bytes: CACHE_BYTES, quick_repair: false };
    let made = Partial::begin(copy, permissions, engine).map_err(CopyFailed);
    let (partial, file) = match made {
        Ok(made) => made,
        Err(failed) => return Ok(Err(failed)),
    };
    let mut failed = None;
    let report = fill(survey, &file, progress, &mut failed)?;
    let finished = || -> EngineResult<SalvageReport> {
        if let Some(cause) = failed {
            return Err(cause);
        }
        file.database.close()?;
        partial.finish()?;
        Ok(report)
    };
    Ok(finished().map_err(CopyFailed))
}

/// Writes all that is whole to the file. A failure of the file goes to `failed`; one that is answered is the source's.
fn fill(
    survey: &mut Survey<'_>,
    file: &StoreFile,
    progress: &mut dyn FnMut(Progress),
    failed: &mut Option<redb::Error>,
) -> io::Result<SalvageReport> {
    let begun = lay_out(file).map_err(WriteError::into_cause);
    let transaction = match begun.and_then(|()| file.begin_write()) {
        Ok(transaction) => transaction,
        Err(cause) => {
            *failed = Some(cause);
            return Ok(SalvageReport::default());
        }
    };
    let report = match Copy::begin(&transaction) {
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

/// The copy in the making.
struct Copy<'t> {
    tables: Tables<'t>,
    /// The numbers of the namespaces that have entries.
    numbers: BTreeSet<u32>,
    /// No entry has this version or a higher one.
    version_ceiling: u64,
}

impl<'t> Copy<'t> {
    fn begin(transaction: &'t WriteTransaction) -> EngineResult<Self> {
        Ok(Self { tables: Tables::open(transaction)?, numbers: BTreeSet::new(), version_ceiling: 1 })
    }

    fn insert(&mut self, entry: &WholeEntry<'_>) -> EngineResult<()> {
        let WholeEntry { key, bytes, record, pieces } = entry;
        // A page that is not in its place may hold what an entry was before.
        let other = self.tables.entries.get(key)?.map(|other| other.value().to_owned());
        let other = other.as_deref().and_then(|other| Record::decode(key, other).ok());
        if let Some(other) = other {
            if other.version.as_u64() >= record.version.as_u64() {
                return Ok(());
            }
            self.tables.remove(key, &other.header())?;
        }
        self.tables.entries.insert(key, bytes)?;
        if let Some(deadline) = record.expires_at {
            self.tables.deadlines()?.insert((deadline.as_secs(), *key), ())?;
        }
        for (number, piece) in (0..).zip(pieces) {
            self.tables.pieces()?.insert((record.version.as_u64(), number), &piece[..])?;
        }
        self.numbers.extend(key.first_chunk().map(|number| u32::from_be_bytes(*number)));
        self.version_ceiling = self.version_ceiling.max(record.version.as_u64().saturating_add(1));
        Ok(())
    }

    /// Writes all but the entries. Answers how many namespaces got a name anew.
    fn end(mut self, survey: &Survey<'_>) -> EngineResult<u64> {
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
            let id = id.map_err(|_| redb::Error::Corrupted("an id breaks the rules for one".to_owned()))?;
            let title = format!("salvaged-{number}");
            self.tables.namespaces()?.insert(id.as_str(), (*number, title.as_str()))?;
        }
        let last = self.numbers.last().max(known.keys().next_back().copied()).copied();
        let next = last.map_or(0, |last| u64::from(last) + 1);
        let read = |name| survey.numbers.get(name).copied().unwrap_or_default();
        let ceiling = self.version_ceiling.max(read(VERSION_CEILING));
        let file = self.tables.file()?;
        file.insert(NEXT_NAMESPACE, next.max(read(NEXT_NAMESPACE)))?;
        file.insert(VERSION_CEILING, ceiling)?;
        self.tables.close()?;
        Ok(unknown.len() as u64)
    }
}
