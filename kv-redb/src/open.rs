//! Opening a file: whose it is, which layout it has, what it holds.

use std::{
    fs::{self, File},
    io,
    path::Path,
    sync::Arc,
};

use kv_core::{Error, ErrorKind, NamespaceId, NamespaceTitle, Result};
use redb::{DatabaseError, ReadOnlyDatabase, ReadableDatabase, ReadableTable};

use crate::{
    catalog::{Catalog, Namespace},
    create,
    error::{EngineResult, damaged, error, not_ours, open_failed, unknown_format},
    file::{Engine, StoreFile},
    record::Damage,
    tables::{FILE, FORMAT, FORMAT_VERSION, NAMESPACES},
    unfinished::is_new,
    versions::Versions,
};

/// What an opened file holds beside its entries.
pub(crate) struct Opened {
    pub(crate) file: StoreFile,
    pub(crate) catalog: Catalog,
    pub(crate) versions: Versions,
}

/// Opens the store at `path`, and makes it if there is none.
pub(crate) fn open(path: &Path, engine: Engine) -> Result<Opened> {
    if path.is_dir() {
        let message = format!("the path {} is a folder: name a file in it for the store", path.display());
        return Err(error(ErrorKind::Other, message));
    }
    if is_new(path).map_err(|cause| open_failed(path, cause))? {
        create::create(path, engine).map_err(|cause| open_failed(path, cause))?;
    } else {
        inspect(path)?;
    }
    let file = engine.open(path).map_err(|cause| open_failed(path, cause))?;
    let opened = load(path, file)?;
    sync_folder(path).map_err(|cause| open_failed(path, cause.into()))?;
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
    let layout = layout(&file.database).map_err(failed)?;
    if layout == Layout::None {
        create::lay_out(&file).map_err(failed)?;
    }
    check(path, layout)?;
    let versions = load_versions(&file).map_err(failed)?;
    let catalog = load_catalog(path, &file)?;
    Ok(Opened { file, catalog, versions })
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

/// Makes the file's name as durable as its contents: whoever made it may have crashed before he could.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let path = fs::canonicalize(path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn load_versions(file: &StoreFile) -> EngineResult<Versions> {
    Versions::load(&file.database.begin_read()?.open_table(FILE)?)
}

fn load_catalog(path: &Path, file: &StoreFile) -> Result<Catalog> {
    let rows = || -> EngineResult<Vec<(String, u32, String)>> {
        let namespaces = file.database.begin_read()?.open_table(NAMESPACES)?;
        let rows = namespaces.iter()?.map(|row| {
            let (id, namespace) = row?;
            let (number, title) = namespace.value();
            Ok((id.value().to_owned(), number, title.to_owned()))
        });
        rows.collect()
    };
    let catalog = Catalog::default();
    for (id, number, title) in rows().map_err(|cause| open_failed(path, cause))? {
        let bad_name = |_| -> Error { damaged(path, Damage("a namespace's id or title is none")) };
        let (id, title) =
            (NamespaceId::new(id).map_err(bad_name)?, NamespaceTitle::new(title).map_err(bad_name)?);
        catalog.set(Arc::new(Namespace::new(id, number)), title);
    }
    Ok(catalog)
}
