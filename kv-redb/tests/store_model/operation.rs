//! Operations on a store and their outcomes.

use kv_core::{
    AtomicKv, Conditional, ErrorKind, Expected, Key, KvStore, NamespaceId, NamespaceTitle, Result, Version,
    prelude::*,
};
use kv_redb::RedbStore;
use serde::{Deserialize, Serialize};

use super::Write;

/// Operation on a store. Namespaces are named by their ids.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Operation {
    Change(String, Change),
    /// Entries that fit into one request, so all are applied or none.
    PutMany(String, Vec<(String, Write)>),
    DeleteMany(String, Vec<String>),
    Sweep(usize),
    Create(String),
    Rename(String, String),
    Delete(String),
}

/// Change of one entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) key: String,
    pub(crate) condition: Option<Condition>,
    /// Write to apply, or `None` for a delete.
    pub(crate) write: Option<Write>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Condition {
    Absent,
    /// The entry is still that of this write, with this version.
    Unchanged(Write, u64),
}

/// Answer to an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Done,
    Conflict,
    Created(String),
    NamespaceNotFound,
    NamespaceExists,
}

impl Operation {
    /// `true` if the operation never shares a transaction with others.
    pub(crate) fn has_own_transaction(&self) -> bool {
        matches!(self, Self::Create(_) | Self::Rename(..) | Self::Delete(_))
    }

    /// Performs the operation. The first poll puts it into the store's queue.
    pub(crate) async fn perform(&self, store: &RedbStore) -> Result<Outcome> {
        match self.attempt(store).await {
            Err(error) if error.kind() == ErrorKind::NamespaceNotFound => Ok(Outcome::NamespaceNotFound),
            Err(error) if error.kind() == ErrorKind::NamespaceExists => Ok(Outcome::NamespaceExists),
            outcome => outcome,
        }
    }

    async fn attempt(&self, store: &RedbStore) -> Result<Outcome> {
        match self {
            Self::Change(id, change) => return change.attempt(store, id).await,
            Self::PutMany(id, writes) => {
                let entries = writes.iter().map(|(key, write)| write.entry(key));
                atomic(store, id).put_many(entries).await?.into_result()?;
            }
            Self::DeleteMany(id, keys) => {
                atomic(store, id).delete_many(keys.clone()).await?.into_result()?;
            }
            Self::Sweep(limit) => drop(store.sweep(*limit).await?),
            Self::Create(title) => {
                let created = store.create_namespace(title_of(title)).await?;
                return Ok(Outcome::Created(created.id.to_string()));
            }
            Self::Rename(id, title) => drop(store.rename_namespace(&id_of(id), title_of(title)).await?),
            Self::Delete(id) => store.delete_namespace(&id_of(id)).await?,
        }
        Ok(Outcome::Done)
    }
}

impl Change {
    async fn attempt(&self, store: &RedbStore, id: &str) -> Result<Outcome> {
        let namespace = atomic(store, id);
        let key = Key::new(&self.key)?;
        let outcome = match (self.write.map(|write| write.entry(&self.key)), self.condition) {
            (None, None) => return namespace.delete(key).await.map(|()| Outcome::Done),
            (Some(entry), None) => {
                return namespace.put_with(key, entry.value, entry.options).await.map(|()| Outcome::Done);
            }
            (None, Some(Condition::Absent)) => unreachable!("no plan deletes an entry that has to be absent"),
            (None, Some(Condition::Unchanged(_, version))) => {
                namespace.delete_if(key, Version::new(version)).await?
            }
            (Some(entry), Some(condition)) => {
                let expected = match condition {
                    Condition::Absent => Expected::Absent,
                    Condition::Unchanged(_, version) => Version::new(version).into(),
                };
                namespace.put_if(key, expected, entry.value, entry.options).await?
            }
        };
        Ok(match outcome {
            Conditional::Applied(_) => Outcome::Done,
            Conditional::Conflict => Outcome::Conflict,
        })
    }
}

pub(super) fn id_of(id: &str) -> NamespaceId {
    NamespaceId::new(id).unwrap()
}

fn title_of(title: &str) -> NamespaceTitle {
    NamespaceTitle::new(title).unwrap()
}

pub(super) fn atomic(store: &RedbStore, id: &str) -> std::sync::Arc<dyn AtomicKv> {
    store.namespace(&id_of(id)).into_atomic().unwrap()
}
