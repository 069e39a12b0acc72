//! fjall: each write is an insert and a sync of the journal.

use std::path::Path;

use anyhow::Result;
use bytes::Bytes;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use crate::harness::store::{CACHE_BYTES, Callers, Store};

pub(crate) const NAME: &str = "fjall";

#[derive(Clone)]
pub(crate) struct Fjall {
    database: Database,
    keyspace: Keyspace,
}

impl Fjall {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        // Each put persists the journal, so fjall need not flush its buffer to the system before that.
        let database =
            Database::builder(path).cache_size(CACHE_BYTES as u64).manual_journal_persist(true).open()?;
        let keyspace = database.keyspace("bench", KeyspaceCreateOptions::default)?;
        Ok(Self { database, keyspace })
    }
}

impl Store for Fjall {
    const CALLERS: Callers = Callers::Threads;

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        Ok(self.keyspace.get(key)?.map(|value| Bytes::copy_from_slice(&value)))
    }

    async fn put(&self, key: &str, value: Bytes) -> Result<()> {
        self.keyspace.insert(key, &value[..])?;
        Ok(self.database.persist(PersistMode::SyncData)?)
    }

    async fn put_many(&self, entries: Vec<(String, Bytes)>) -> Result<()> {
        let mut batch = self.database.batch();
        for (key, value) in entries {
            batch.insert(&self.keyspace, key, &value[..]);
        }
        batch.commit()?;
        Ok(self.database.persist(PersistMode::SyncData)?)
    }
}
