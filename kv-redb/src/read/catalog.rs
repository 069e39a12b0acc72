//! Catalog of the namespaces of a store, shared by its handles.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use kv_core::{Error, Jurisdiction, NamespaceId, NamespaceInfo, NamespaceTitle};

use crate::file::{error::namespace_not_found, open::NamespaceRow};

/// State of a namespace, shared by its handles.
#[derive(Debug)]
pub(crate) struct NamespaceState {
    pub(crate) id: NamespaceId,
    /// Prefix of its entries' keys in the tables. Never used again for another namespace.
    pub(crate) number: u32,
    /// Jurisdiction that it was created in; it never changes.
    pub(crate) jurisdiction: Option<Jurisdiction>,
    deleted: AtomicBool,
}

impl NamespaceState {
    /// State of an existing namespace.
    pub(crate) fn new(id: NamespaceId, number: u32, jurisdiction: Option<Jurisdiction>) -> Self {
        Self { id, number, jurisdiction, deleted: false.into() }
    }

    /// Describes the namespace to callers.
    pub(crate) fn info(&self, title: NamespaceTitle) -> NamespaceInfo {
        let info = NamespaceInfo::new(self.id.clone(), title);
        match self.jurisdiction {
            Some(jurisdiction) => info.with_jurisdiction(jurisdiction),
            None => info,
        }
    }

    /// State of a namespace that does not exist. It never will: ids are not used twice.
    fn missing(id: NamespaceId) -> Self {
        Self { id, number: 0, jurisdiction: None, deleted: true.into() }
    }

    /// Fails if it was deleted.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.deleted.load(Ordering::Acquire) { Err(namespace_not_found()) } else { Ok(()) }
    }
}

/// Catalog of the namespaces. The writer changes it after it committed the change to the file.
#[derive(Debug, Default)]
pub(crate) struct Catalog(RwLock<Indexes>);

#[derive(Debug, Default)]
struct Indexes {
    by_id: BTreeMap<NamespaceId, (Arc<NamespaceState>, NamespaceTitle)>,
    by_title: BTreeMap<NamespaceTitle, Arc<NamespaceState>>,
}

impl Catalog {
    /// Makes the catalog of the namespaces that a file holds.
    pub(crate) fn new(rows: Vec<NamespaceRow>) -> Self {
        let catalog = Self::default();
        catalog.replace(rows);
        catalog
    }

    fn read(&self) -> RwLockReadGuard<'_, Indexes> {
        // No code under the lock panics, so a poisoned catalog is consistent.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a namespace, or renames it.
    pub(crate) fn set(&self, namespace: Arc<NamespaceState>, title: NamespaceTitle) {
        let mut indexes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let replaced = indexes.by_id.insert(namespace.id.clone(), (Arc::clone(&namespace), title.clone()));
        if let Some((_, old_title)) = replaced {
            indexes.by_title.remove(&old_title);
        }
        indexes.by_title.insert(title, namespace);
    }

    /// Removes a namespace; its handles see that at once.
    pub(crate) fn delete(&self, id: &NamespaceId) {
        let mut indexes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some((namespace, title)) = indexes.by_id.remove(id) {
            indexes.by_title.remove(&title);
            namespace.deleted.store(true, Ordering::Release);
        }
    }

    /// Returns a namespace. Unknown: [`NamespaceNotFound`](kv_core::ErrorKind::NamespaceNotFound).
    pub(crate) fn get(&self, id: &NamespaceId) -> Result<Arc<NamespaceState>, Error> {
        self.read().by_id.get(id).map(|(namespace, _)| Arc::clone(namespace)).ok_or_else(namespace_not_found)
    }

    /// Returns a namespace, or the state of one that does not exist.
    pub(crate) fn get_or_missing(&self, id: &NamespaceId) -> Arc<NamespaceState> {
        self.get(id).unwrap_or_else(|_| Arc::new(NamespaceState::missing(id.clone())))
    }

    /// Returns the namespace with the title.
    pub(crate) fn by_title(&self, title: &NamespaceTitle) -> Option<Arc<NamespaceState>> {
        self.read().by_title.get(title).map(Arc::clone)
    }

    /// Describes a namespace. Unknown: [`NamespaceNotFound`](kv_core::ErrorKind::NamespaceNotFound).
    pub(crate) fn info(&self, id: &NamespaceId) -> Result<NamespaceInfo, Error> {
        let found = self.read().by_id.get(id).map(|(namespace, title)| namespace.info(title.clone()));
        found.ok_or_else(namespace_not_found)
    }

    /// Describes all namespaces, ordered by id.
    pub(crate) fn list(&self) -> Vec<NamespaceInfo> {
        let indexes = self.read();
        indexes.by_id.values().map(|(namespace, title)| namespace.info(title.clone())).collect()
    }

    /// Replaces the namespaces by those that a file holds. Handles of namespaces that stay remain valid.
    pub(crate) fn replace(&self, rows: Vec<NamespaceRow>) {
        let kept: BTreeSet<&NamespaceId> = rows.iter().map(|row| &row.id).collect();
        let gone: Vec<_> = self.read().by_id.keys().filter(|id| !kept.contains(id)).cloned().collect();
        for id in &gone {
            self.delete(id);
        }
        for NamespaceRow { id, number, title, jurisdiction } in rows {
            let known = self.get(&id);
            self.set(
                known.unwrap_or_else(|_| Arc::new(NamespaceState::new(id, number, jurisdiction))),
                title,
            );
        }
    }
}
