//! `SQLite`: a write-ahead log, synced at every commit, and statements prepared once.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Result, ensure};
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};

use crate::harness::store::{CACHE_BYTES, Callers, EXPIRES_AT, Listing, METADATA, PAGE, Store};

pub(crate) const NAME: &str = "SQLite";

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS bench \
    (key TEXT PRIMARY KEY, expires_at INTEGER, metadata TEXT, value BLOB NOT NULL)";
/// Longest value that `SQLite`'s documentation advises to keep in the index (`WITHOUT ROWID`): a twentieth of
/// a page.
const MAX_IN_INDEX: usize = 4096 / 20;
const GET: &str = "SELECT value FROM bench WHERE key = ?1";
const PUT: &str = "INSERT INTO bench (key, expires_at, metadata, value) VALUES (?1, ?2, ?3, ?4) \
    ON CONFLICT (key) DO UPDATE SET expires_at = ?2, metadata = ?3, value = ?4";
const LIST: &str = "SELECT key, expires_at, metadata FROM bench WHERE key > ?1 ORDER BY key LIMIT ?2";

/// One connection: `SQLite` has one writer at a time.
#[derive(Clone)]
pub(crate) struct Sqlite(Arc<Mutex<Connection>>);

impl Sqlite {
    /// Opens the file at `path`, laid out for values of `len` bytes.
    pub(crate) fn open(path: &Path, len: usize) -> Result<Self> {
        let connection = Connection::open(path)?;
        let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        ensure!(mode == "wal", "SQLite's journal mode is {mode} (expected wal)");
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
        expires_at: Option<u64>,
        metadata: Option<&str>,
    ) -> Result<()> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        {
            let mut put = transaction.prepare_cached(PUT)?;
            let expires_at = expires_at.map(i64::try_from).transpose()?;
            for (key, value) in entries {
                put.execute(params![key, expires_at, metadata, &value[..]])?;
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
        let is_right = |row: &(String, i64, String)| row.1.cast_unsigned() == EXPIRES_AT && row.2 == METADATA;
        ensure!(rows.iter().all(is_right), "a listed key has a wrong expiry or wrong metadata");
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
        self.write(&entries, Some(EXPIRES_AT), Some(METADATA))
    }

    async fn list_page(&self, position: &mut String) -> Result<usize> {
        self.page(position)
    }
}
