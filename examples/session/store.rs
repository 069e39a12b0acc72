//! Store of the sessions, and the only file that knows the backends.

use std::{path::PathBuf, sync::Arc};

use kv_core::{AtomicKv, Clock, InvalidInput, KvStore, Result};
use kv_memory::MemoryStore;
use kv_redb::RedbStore;

use crate::sessions::Sessions;

const NAMESPACE: &str = "sessions";

/// Location of a store's entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    Memory,
    File(PathBuf),
}

/// An open store, and its namespace for sessions. All other files are independent of the backend.
pub(crate) struct Store {
    backend: Arc<dyn KvStore>,
    pub(crate) namespace: Arc<dyn AtomicKv>,
    clock: Arc<dyn Clock>,
}

impl Store {
    pub(crate) async fn open(location: &Location, clock: Arc<dyn Clock>) -> Result<Self> {
        let (backend, namespace): (Arc<dyn KvStore>, Arc<dyn AtomicKv>) = match location {
            Location::Memory => {
                let store = MemoryStore::builder().clock(Arc::clone(&clock)).build();
                let namespace = store.open_namespace(NAMESPACE).await?;
                (Arc::new(store), Arc::new(namespace))
            }
            Location::File(path) => {
                let store = RedbStore::builder().clock(Arc::clone(&clock)).open(path).await?;
                let namespace = store.open_namespace(NAMESPACE).await?;
                (Arc::new(store), Arc::new(namespace))
            }
        };
        Ok(Self { backend, namespace, clock })
    }

    pub(crate) fn sessions(&self) -> Result<Sessions, InvalidInput> {
        Sessions::new(&self.namespace, Arc::clone(&self.clock))
    }

    /// Closes the store; returns once all data is on the disk and the file is unlocked. Every handle is
    /// closed then.
    pub(crate) async fn close(&self) -> Result<()> {
        self.backend.close().await
    }
}
