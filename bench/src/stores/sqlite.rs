//! `SQLite`: a write-ahead log that is synced at every commit, and statements that are prepared once.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Result, ensure};
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};

use crate::harness::store::{CACHE_BYTES, Callers, DEADLINE, Listing, METADATA, PAGE, Store};

pub(crate) const NAME: &str = "SQLite";

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS bench \
    (key TEXT PRIMARY KEY, deadline INTEGER, metadata TEXT, value BLOB NOT NULL)";
/// Up to which length of values they are best kept in the index, by its documentation: a twentieth of a page.
const MAX_IN_INDEX: usize = 4096 / 20;
const GET: &str = "SELECT value FROM bench WHERE key = ?1";
const PUT: &str = "INSERT INTO bench (key, deadline, metadata, value) VALUES (?1, ?2, ?3, ?4) \
    ON CONFLICT (key) DO UPDATE SET deadline = ?2, metadata = ?3, value = ?4";
const LIST: &str = "SELECT key, deadline, metadata FROM bench WHERE key > ?1 ORDER BY key LIMIT ?2";

/// One connection: a second one that writes gains nothing.
#[derive(Clone)]
pub(crate) struct Sqlite(Arc<Mutex<Connection>>);

impl Sqlite {
    /// The file at `path`, laid out for values of `len` bytes.
    pub(crate) fn open(path: &Path, len: usize) -> Result<Self> {
        let connection = Connection::open(path)?;
        let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        ensure!(mode == "wal", "SQLite keeps its journal as {mode}");
        connection.pragma_update(None, "synchronous", "FULL")?;
        let kib = i64::try_from(CACHE_BYTES / 1024)?;
        connection.pragma_update(None, "cache_size", -kib)?;
        let layout = if len <= MAX_IN_INDEX { " WITHOUT ROWID" } else { "" };
        connection.execute(&format!("{SCHEMA}{layout}"), [])?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(
        &self,
        entries: &[(String, Bytes)],
        deadline: Option<u64>,
        metadata: Option<&str>,
    ) -> Result<()> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        {
            let mut put = transaction.prepare_cached(PUT)?;
            let deadline = deadline.map(i64::try_from).transpose()?;
            for (key, value) in entries {
                put.execute(params![key, deadline, metadata, &value[..]])?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn page(&self, position: &mut String) -> Result<usize> {
        let connection = self.lock();
        let mut list = connection.prepare_cached(LIST)?;
        let rows = list.query_map(params![*position, i64::try_from(PAGE)?], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        let rows: Vec<(String, i64, String)> = rows.collect::<Result<_, _>>()?;
        let whole = |row: &(String, i64, String)| row.1.cast_unsigned() == DEADLINE && row.2 == METADATA;
        ensure!(rows.iter().all(whole), "a listed row is another");
        let count = rows.len();
        *position = rows.into_iter().last().filter(|_| count == PAGE).map(|row| row.0).unwrap_or_default();
        Ok(count)
    }
}

impl Store for Sqlite {
    const CALLERS: Callers = Callers::Threads;

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let connection = self.lock();
        let mut get = connection.prepare_cached(GET)?;
        let value: Option<Vec<u8>> = get.query_row([key], |row| row.get(0)).optional()?;
        Ok(value.map(Bytes::from))
    }

    async fn put(&self, key: &str, value: Bytes) -> Result<()> {
        let connection = self.lock();
        let mut put = connection.prepare_cached(PUT)?;
        put.execute(params![key, None::<i64>, None::<&str>, &value[..]])?;
        Ok(())
    }

    async fn put_many(&self, entries: Vec<(String, Bytes)>) -> Result<()> {
        self.write(&entries, None, None)
    }
}

impl Listing for Sqlite {
    type Position = String;

    async fn put_many_listed(&self, entries: Vec<(String, Bytes)>) -> Result<()> {
        self.write(&entries, Some(DEADLINE), Some(METADATA))
    }

    async fn list_page(&self, position: &mut String) -> Result<usize> {
        self.page(position)
    }
}
