//! Opening a file: whose it is, which layout it has, what it holds.

use std::{collections::HashMap, path::Path};

use kv_core::{Jurisdiction, NamespaceId, NamespaceTitle, Result};
use redb::{DatabaseError, ReadOnlyDatabase, ReadableDatabase, ReadableTable};

use crate::file::{
    checksums::{self, Extent},
    create,
    error::{EngineResult, damaged_pages, guard, not_ours, open_failed, unknown_format},
    os_file,
    store_file::{Engine, StoreFile},
    tables::{FILE, FORMAT, FORMAT_VERSION, JURISDICTIONS, NAMESPACES},
    torn_create::is_new,
    versions::Versions,
};

/// What an opened file holds beside its entries.
pub(crate) struct Opened {
    pub(crate) file: StoreFile,
    pub(crate) namespaces: Vec<NamespaceRow>,
    pub(crate) versions: Versions,
}

/// A namespace as the file has it.
#[derive(Debug)]
pub(crate) struct NamespaceRow {
    pub(crate) id: NamespaceId,
    /// Number that stands for it in the keys of entries.
    pub(crate) number: u32,
    pub(crate) title: NamespaceTitle,
    pub(crate) jurisdiction: Option<Jurisdiction>,
}

/// Opens the store at `path`, and makes it if there is none. Checks so much of a file first.
pub(crate) fn open(path: &Path, engine: Engine, extent: Extent) -> Result<Opened> {
    os_file::refuse_special(path)?;
    if is_new(path).map_err(|cause| open_failed(path, cause))? {
        create::create(path, engine).map_err(|cause| open_failed(path, cause))?;
    } else {
        guard(|| Ok::<_, redb::Error>(inspect(path))).map_err(|cause| open_failed(path, cause))??;
        let pages =
            checksums::count_damaged_pages(path, extent).map_err(|cause| open_failed(path, cause.into()))?;
        if pages > 0 {
            return Err(damaged_pages(path, pages));
        }
    }
    let file = engine.open(path).map_err(|cause| open_failed(path, cause))?;
    let opened = load(path, file)?;
    os_file::sync_folder(path).map_err(|cause| open_failed(path, cause.into()))?;
    Ok(opened)
}

/// Refuses a file that is not ours before it is opened for writing, which alone would change it.
fn inspect(path: &Path) -> Result<()> {
    match ReadOnlyDatabase::open(path) {
        Ok(database) => check(path, layout(&database).map_err(|cause| open_failed(path, cause))?),
        // After a crash only a writer may read it, and who has it open is told to whoever opens it for writing.
        Err(DatabaseError::RepairAborted | DatabaseError::DatabaseAlreadyOpen) => Ok(()),
        Err(cause) => Err(open_failed(path, cause.into())),
    }
}

fn check(path: &Path, layout: Layout) -> Result<()> {
    match layout {
        Layout::None | Layout::Version(FORMAT_VERSION) => Ok(()),
        Layout::Version(found) => Err(unknown_format(path, found, FORMAT_VERSION)),
        Layout::Foreign => Err(not_ours(path)),
    }
}

/// Reads what the file holds, and lays it out if it holds nothing.
pub(crate) fn load(path: &Path, file: StoreFile) -> Result<Opened> {
    let failed = |cause| open_failed(path, cause);
    let layout = guard(|| layout(&file.database)).map_err(failed)?;
    if layout == Layout::None {
        create::lay_out(&file).map_err(|cause| failed(cause.into_cause()))?;
    }
    check(path, layout)?;
    let versions = guard(|| load_versions(&file)).map_err(failed)?;
    let namespaces = guard(|| load_namespaces(&file)).map_err(failed)?;
    Ok(Opened { file, namespaces, versions })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// An empty file, or one whose making was cut short.
    None,
    Version(u64),
    Foreign,
}

fn layout(database: &impl ReadableDatabase) -> EngineResult<Layout> {
    let transaction = database.begin_read()?;
    if transaction.list_tables()?.next().is_none() && transaction.list_multimap_tables()?.next().is_none() {
        return Ok(Layout::None);
    }
    match transaction.open_table(FILE) {
        Ok(file) => Ok(file.get(FORMAT)?.map_or(Layout::Foreign, |version| Layout::Version(version.value()))),
        Err(redb::TableError::Storage(cause)) => Err(cause.into()),
        Err(_) => Ok(Layout::Foreign),
    }
}

pub(crate) fn load_versions(file: &StoreFile) -> EngineResult<Versions> {
    Versions::load(&file.database.begin_read()?.open_table(FILE)?)
}

pub(crate) fn load_namespaces(file: &StoreFile) -> EngineResult<Vec<NamespaceRow>> {
    let transaction = file.database.begin_read()?;
    let mut jurisdictions: HashMap<String, Jurisdiction> = HashMap::new();
    match transaction.open_table(JURISDICTIONS) {
        Ok(table) => {
            for row in table.iter()? {
                let (id, jurisdiction) = row?;
                let jurisdiction =
                    jurisdiction.value().parse().map_err(|_| bad_name("a namespace's jurisdiction"))?;
                jurisdictions.insert(id.value().to_owned(), jurisdiction);
            }
        }
        Err(redb::TableError::TableDoesNotExist(_)) => {}
        Err(cause) => return Err(cause.into()),
    }
    let mut rows = Vec::new();
    for row in transaction.open_table(NAMESPACES)?.iter()? {
        let (id, namespace) = row?;
        let (number, title) = namespace.value();
        let jurisdiction = jurisdictions.remove(id.value());
        let id = NamespaceId::new(id.value()).map_err(|_| bad_name("a namespace's id"))?;
        let title = NamespaceTitle::new(title).map_err(|_| bad_name("a namespace's title"))?;
        rows.push(NamespaceRow { id, number, title, jurisdiction });
    }
    Ok(rows)
}

fn bad_name(what: &str) -> redb::Error {
    redb::Error::Corrupted(format!("{what} breaks the rules for one"))
}
