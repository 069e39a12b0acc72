//! The services of `OpenDAL` over redb and over moka.

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

/// How many writes are under way when many are to be written: it has no call for that.
const CONCURRENT_WRITES: usize = 256;

const TABLE: &str = "bench";

#[derive(Clone)]
pub(crate) struct OpenDal {
    operator: Operator,
    /// The service's own.
    database: Option<Arc<Database>>,
}

impl OpenDal {
    /// The database is opened here, since the service would give it a cache of another size.
    pub(crate) fn redb(path: &Path) -> Result<Self> {
        let database = Arc::new(raw_redb::database(path)?);
        let service = Redb::default().database(Arc::clone(&database)).table(TABLE);
        Ok(Self { operator: Operator::new(service)?, database: Some(database) })
    }

    /// A cache without bounds, as the service is by default.
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

    /// Straight into the service's table, since a transaction for each entry takes minutes.
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
