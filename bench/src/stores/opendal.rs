//! `OpenDAL`'s services for redb and moka.

use std::{path::Path, sync::Arc};

use anyhow::Result;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use opendal::{
    ErrorKind, Operator,
    services::{Moka, Redb},
};
use redb::{Database, TableDefinition};

use crate::{
    harness::store::{Callers, Store},
    stores::raw_redb,
};

pub(crate) const REDB: &str = "OpenDAL redb";
pub(crate) const MOKA: &str = "OpenDAL moka";

/// Concurrent writes of a bulk put, for which `OpenDAL` has no call.
const CONCURRENT_WRITES: usize = 256;

const TABLE: &str = "bench";

#[derive(Clone)]
pub(crate) struct OpenDal {
    operator: Operator,
    /// Database of the service, if it is redb.
    database: Option<Arc<Database>>,
}

impl OpenDal {
    /// Opens the service for redb, on a database opened here so that its cache has the size of the others.
    pub(crate) fn redb(path: &Path) -> Result<Self> {
        let database = Arc::new(raw_redb::database(path)?);
        let service = Redb::default().database(Arc::clone(&database)).table(TABLE);
        Ok(Self { operator: Operator::new(service)?, database: Some(database) })
    }

    /// Opens the service for moka with its default, an unbounded cache.
    pub(crate) fn moka() -> Result<Self> {
        Ok(Self { operator: Operator::new(Moka::default())?, database: None })
    }
}

impl Store for OpenDal {
    const CALLERS: Callers = Callers::Tasks;

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        match self.operator.read(key).await {
            Ok(value) => Ok(Some(value.to_bytes())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn put(&self, key: &str, value: Bytes) -> Result<()> {
        self.operator.write(key, value).await?;
        Ok(())
    }

    async fn put_many(&self, entries: Vec<(String, Bytes)>) -> Result<()> {
        let put = |(key, value): (String, Bytes)| async move { self.put(&key, value).await };
        stream::iter(entries).map(put).buffer_unordered(CONCURRENT_WRITES).try_collect().await
    }

    /// Writes into the service's table directly: a transaction per entry would take minutes.
    async fn fill(&self, entries: Vec<(String, Bytes)>) -> Result<()> {
        let Some(database) = &self.database else { return self.put_many(entries).await };
        let transaction = database.begin_write()?;
        {
            let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new(TABLE))?;
            for (key, value) in entries {
                table.insert(key.as_str(), &value[..])?;
            }
        }
        Ok(transaction.commit()?)
    }
}
