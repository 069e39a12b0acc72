//! redb itself: one transaction per operation, values copied out.

use std::{ops::Bound, path::Path, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use redb::{Database, Durability, ReadableDatabase, TableDefinition, WriteTransaction};

use crate::harness::store::{CACHE_BYTES, Callers, EXPIRES_AT, Listing, METADATA, PAGE, Store};

/// redb with its defaults, so without quick repair.
pub(crate) const NAME: &str = "raw redb";
pub(crate) const QUICK_REPAIR: &str = "raw redb, quick repair";
pub(crate) const NO_QUICK_REPAIR: &str = "raw redb, no quick repair";

const VALUES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("values");
/// Expiry and metadata by key.
const KEYS: TableDefinition<'_, &str, (u64, &str)> = TableDefinition::new("keys");

#[derive(Clone)]
pub(crate) struct RawRedb {
    database: Arc<Database>,
    quick_repair: bool,
}

impl RawRedb {
    pub(crate) fn open(path: &Path, quick_repair: bool) -> Result<Self> {
        Self::over(database(path)?, quick_repair)
    }

    /// Uses an open database.
    pub(crate) fn over(database: Database, quick_repair: bool) -> Result<Self> {
        let store = Self { database: Arc::new(database), quick_repair };
        // A read fails if its table does not exist.
        let transaction = store.begin_write()?;
        transaction.open_table(VALUES)?;
        transaction.open_table(KEYS)?;
        transaction.commit()?;
        Ok(store)
    }

    /// Closes the database; an error if clones of the store exist.
    pub(crate) fn close(self) -> Result<()> {
        Ok(Arc::into_inner(self.database).context("cannot close the database: it is in use")?.close()?)
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
            let mut keys = transaction.open_table(KEYS)?;
            for (key, _) in entries {
                keys.insert(key.as_str(), (EXPIRES_AT, METADATA))?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn page(&self, position: &mut Option<String>) -> Result<usize> {
        let start = position.take();
        let start = start.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let keys = self.database.begin_read()?.open_table(KEYS)?;
        let copied_out = |row: redb::Result<_, _>| -> Result<(String, u64, String)> {
            let (key, info): (redb::AccessGuard<'_, &str>, redb::AccessGuard<'_, (u64, &str)>) = row?;
            let (expires_at, metadata) = info.value();
            Ok((key.value().to_owned(), expires_at, metadata.to_owned()))
        };
        let rows = keys.range::<&str>((start, Bound::Unbounded))?.take(PAGE).map(copied_out);
        let rows: Vec<(String, u64, String)> = rows.collect::<Result<_>>()?;
        ensure!(
            rows.iter().all(|row| row.1 == EXPIRES_AT && row.2 == METADATA),
            "a listed key has a wrong expiry or wrong metadata"
        );
        let count = rows.len();
        *position = rows.into_iter().last().filter(|_| count == PAGE).map(|(key, ..)| key);
        Ok(count)
    }
}

/// Opens the database at `path`, with the same cache size as all stores.
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
