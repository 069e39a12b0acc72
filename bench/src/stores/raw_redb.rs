//! redb itself: a transaction an operation, values copied out.

use std::{ops::Bound, path::Path, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use redb::{Database, Durability, ReadableDatabase, TableDefinition, WriteTransaction};

use crate::harness::store::{CACHE_BYTES, Callers, DEADLINE, Listing, METADATA, PAGE, Store};

/// With its defaults, so without quick repair.
pub(crate) const NAME: &str = "raw redb";
pub(crate) const QUICK_REPAIR: &str = "raw redb, quick repair";
pub(crate) const NO_QUICK_REPAIR: &str = "raw redb, no quick repair";

const VALUES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("values");
/// Key to deadline and metadata.
const RECORDS: TableDefinition<'_, &str, (u64, &str)> = TableDefinition::new("records");

#[derive(Clone)]
pub(crate) struct RawRedb {
    database: Arc<Database>,
    quick_repair: bool,
}

impl RawRedb {
    pub(crate) fn open(path: &Path, quick_repair: bool) -> Result<Self> {
        Self::over(database(path)?, quick_repair)
    }

    /// In a database that is open.
    pub(crate) fn over(database: Database, quick_repair: bool) -> Result<Self> {
        let store = Self { database: Arc::new(database), quick_repair };
        // Reading wants the tables to be there.
        let transaction = store.begin_write()?;
        transaction.open_table(VALUES)?;
        transaction.open_table(RECORDS)?;
        transaction.commit()?;
        Ok(store)
    }

    /// Fails if it has clones.
    pub(crate) fn close(self) -> Result<()> {
        Ok(Arc::into_inner(self.database).context("the database is in use")?.close()?)
    }

    fn begin_write(&self) -> Result<WriteTransaction> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_quick_repair(self.quick_repair);
        Ok(transaction)
    }

    fn read(&self, key: &str) -> Result<Option<Bytes>> {
        let table = self.database.begin_read()?.open_table(VALUES)?;
        Ok(table.get(key)?.map(|value| value.value().to_vec().into()))
    }

    fn write(&self, entries: &[(String, Bytes)], listed: bool) -> Result<()> {
        let transaction = self.begin_write()?;
        {
            let mut values = transaction.open_table(VALUES)?;
            for (key, value) in entries {
                values.insert(key.as_str(), &value[..])?;
            }
        }
        if listed {
            let mut records = transaction.open_table(RECORDS)?;
            for (key, _) in entries {
                records.insert(key.as_str(), (DEADLINE, METADATA))?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn page(&self, position: &mut Option<String>) -> Result<usize> {
        let start = position.take();
        let start = start.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let records = self.database.begin_read()?.open_table(RECORDS)?;
        let copied_out = |row: redb::Result<_, _>| -> Result<(String, u64, String)> {
            let (key, record): (redb::AccessGuard<'_, &str>, redb::AccessGuard<'_, (u64, &str)>) = row?;
            let (deadline, metadata) = record.value();
            Ok((key.value().to_owned(), deadline, metadata.to_owned()))
        };
        let rows = records.range::<&str>((start, Bound::Unbounded))?.take(PAGE).map(copied_out);
        let rows: Vec<(String, u64, String)> = rows.collect::<Result<_>>()?;
        ensure!(rows.iter().all(|row| row.1 == DEADLINE && row.2 == METADATA), "a listed record is another");
        let count = rows.len();
        *position = rows.into_iter().last().filter(|_| count == PAGE).map(|(key, ..)| key);
        Ok(count)
    }
}

/// The database at `path`, with the cache of all the others.
pub(crate) fn database(path: &Path) -> Result<Database> {
    Ok(Database::builder().set_cache_size(CACHE_BYTES).create(path)?)
}

impl Store for RawRedb {
    const CALLERS: Callers = Callers::Threads;

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        self.read(key)
    }

    async fn put(&self, key: &str, value: Bytes) -> Result<()> {
        let transaction = self.begin_write()?;
        transaction.open_table(VALUES)?.insert(key, &value[..])?;
        Ok(transaction.commit()?)
    }

    async fn put_many(&self, entries: Vec<(String, Bytes)>) -> Result<()> {
        self.write(&entries, false)
    }
}

impl Listing for RawRedb {
    type Position = Option<String>;

    async fn put_many_listed(&self, entries: Vec<(String, Bytes)>) -> Result<()> {
        self.write(&entries, true)
    }

    async fn list_page(&self, position: &mut Option<String>) -> Result<usize> {
        self.page(position)
    }
}
