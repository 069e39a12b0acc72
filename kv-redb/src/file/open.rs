//! Opening a store: creation of a new file, refusal of a foreign one, checks, and loading of what is not
//! entries.

use std::{collections::HashMap, path::Path};

use kv_core::{Jurisdiction, NamespaceId, NamespaceTitle, Result};
use redb::{DatabaseError, ReadOnlyDatabase, ReadableDatabase, ReadableTable};

use crate::file::{
    checksums::{self, Extent},
    create,
    error::{RedbResult, catch_redb_panic, damaged_pages, not_ours, open_failed, unknown_format},
    os_file,
    store_file::{RedbConfig, StoreFile},
    tables::{FORMAT, FORMAT_VERSION, JURISDICTIONS, META, NAMESPACES},
    torn_create::{is_missing_or_empty, truncate_if_torn},
    versions::Versions,
};

/// Opened file, with what it holds beside entries.
pub(crate) struct Opened {
    pub(crate) file: StoreFile,
    pub(crate) namespaces: Vec<NamespaceRow>,
    pub(crate) versions: Versions,
}

/// Namespace, as the file holds it.
#[derive(Debug)]
pub(crate) struct NamespaceRow {
    pub(crate) id: NamespaceId,
    /// Prefix of the keys of its entries in the tables.
    pub(crate) number: u32,
    pub(crate) title: NamespaceTitle,
    pub(crate) jurisdiction: Option<Jurisdiction>,
}

/// Opens the store at `path`; creates it if there is no file, an empty one, or one whose creation was cut
/// short. Of any other file, `extent` is checked first.
pub(crate) fn open(path: &Path, config: RedbConfig, extent: Extent) -> Result<Opened> {
    os_file::refuse_special(path)?;
    truncate_if_torn(path).map_err(|cause| open_failed(path, cause))?;
    if is_missing_or_empty(path) {
        create::create(path, config).map_err(|cause| open_failed(path, cause))?;
    } else {
        catch_redb_panic(|| Ok::<_, redb::Error>(refuse_foreign(path)))
            .map_err(|cause| open_failed(path, cause))??;
        let pages =
            checksums::count_damaged_pages(path, extent).map_err(|cause| open_failed(path, cause.into()))?;
        if pages > 0 {
            return Err(damaged_pages(path, pages));
        }
    }
    let file = config.open(path).map_err(|cause| open_failed(path, cause))?;
    let opened = load(path, file)?;
    os_file::sync_folder(path).map_err(|cause| open_failed(path, cause.into()))?;
    Ok(opened)
}

/// Refuses a file of another program or layout before it is opened for writing, since that alone changes it.
fn refuse_foreign(path: &Path) -> Result<()> {
    match ReadOnlyDatabase::open(path) {
        Ok(database) => check_layout(path, layout(&database).map_err(|cause| open_failed(path, cause))?),
        // A file that crashed can be read only once a writer repaired it; one that is open is refused by the
        // opening.
        Err(DatabaseError::RepairAborted | DatabaseError::DatabaseAlreadyOpen) => Ok(()),
        Err(cause) => Err(open_failed(path, cause.into())),
    }
}

fn check_layout(path: &Path, layout: Layout) -> Result<()> {
    match layout {
        Layout::None | Layout::Version(FORMAT_VERSION) => Ok(()),
        Layout::Version(found) => Err(unknown_format(path, found, FORMAT_VERSION)),
        Layout::Foreign => Err(not_ours(path)),
    }
}

/// Loads an opened file; creates the tables if it has none.
pub(crate) fn load(path: &Path, file: StoreFile) -> Result<Opened> {
    let failed = |cause| open_failed(path, cause);
    let layout = catch_redb_panic(|| layout(&file.database)).map_err(failed)?;
    if layout == Layout::None {
        create::create_tables(&file).map_err(|cause| failed(cause.into_cause()))?;
    }
    check_layout(path, layout)?;
    let versions = catch_redb_panic(|| load_versions(&file)).map_err(failed)?;
    let namespaces = catch_redb_panic(|| load_namespaces(&file)).map_err(failed)?;
    Ok(Opened { file, namespaces, versions })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// No tables: an empty file, or one whose creation was cut short.
    None,
    /// Version of the layout.
    Version(u64),
    /// Tables of another program.
    Foreign,
}

fn layout(database: &impl ReadableDatabase) -> RedbResult<Layout> {
    let transaction = database.begin_read()?;
    if transaction.list_tables()?.next().is_none() && transaction.list_multimap_tables()?.next().is_none() {
        return Ok(Layout::None);
    }
    match transaction.open_table(META) {
        Ok(file) => Ok(file.get(FORMAT)?.map_or(Layout::Foreign, |version| Layout::Version(version.value()))),
        Err(redb::TableError::Storage(cause)) => Err(cause.into()),
        Err(_) => Ok(Layout::Foreign),
    }
}

pub(crate) fn load_versions(file: &StoreFile) -> RedbResult<Versions> {
    Versions::load(&file.database.begin_read()?.open_table(META)?)
}

pub(crate) fn load_namespaces(file: &StoreFile) -> RedbResult<Vec<NamespaceRow>> {
    let transaction = file.database.begin_read()?;
    let mut jurisdictions: HashMap<String, Jurisdiction> = HashMap::new();
    match transaction.open_table(JURISDICTIONS) {
        Ok(table) => {
            for row in table.iter()? {
                let (id, jurisdiction) = row?;
                let jurisdiction =
                    jurisdiction.value().parse().map_err(|_| invalid("a namespace's jurisdiction"))?;
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
        let id = NamespaceId::new(id.value()).map_err(|_| invalid("a namespace's id"))?;
        let title = NamespaceTitle::new(title).map_err(|_| invalid("a namespace's title"))?;
        rows.push(NamespaceRow { id, number, title, jurisdiction });
    }
    Ok(rows)
}

fn invalid(what: &str) -> redb::Error {
    redb::Error::Corrupted(format!("{what} is invalid"))
}
