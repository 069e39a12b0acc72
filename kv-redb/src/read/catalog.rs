//! The namespaces of a store, as every handle sees them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use kv_core::{Error, Jurisdiction, NamespaceId, NamespaceInfo, NamespaceTitle};

use crate::file::{error::namespace_not_found, open::NamespaceRow};

/// A namespace, as its handles hold it.
#[derive(Debug)]
pub(crate) struct Namespace {
    pub(crate) id: NamespaceId,
    /// What stands for it in the tables' keys; never used again.
    pub(crate) number: u32,
    /// Where it was created, for good.
    pub(crate) jurisdiction: Option<Jurisdiction>,
    deleted: AtomicBool,
}

impl Namespace {
    pub(crate) fn new(id: NamespaceId, number: u32, jurisdiction: Option<Jurisdiction>) -> Self {
        Self { id, number, jurisdiction, deleted: false.into() }
    }

    pub(crate) fn info(&self, title: NamespaceTitle) -> NamespaceInfo {
        let info = NamespaceInfo::new(self.id.clone(), title);
        match self.jurisdiction {
            Some(jurisdiction) => info.with_jurisdiction(jurisdiction),
            None => info,
        }
    }

    /// What a handle holds for an id that the store does not have; ids are never given twice, so it stays that way.
    fn missing(id: NamespaceId) -> Self {
        Self { id, number: 0, jurisdiction: None, deleted: true.into() }
    }

    /// Fails if it was deleted.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.deleted.load(Ordering::Acquire) { Err(namespace_not_found()) } else { Ok(()) }
    }
}

/// The namespaces that the file holds. The writer changes it once the file says so.
#[derive(Debug, Default)]
pub(crate) struct Catalog(RwLock<Names>);

#[derive(Debug, Default)]
struct Names {
    by_id: BTreeMap<NamespaceId, (Arc<Namespace>, NamespaceTitle)>,
    by_title: BTreeMap<NamespaceTitle, Arc<Namespace>>,
}

impl Catalog {
    pub(crate) fn new(rows: Vec<NamespaceRow>) -> Self {
        let catalog = Self::default();
        catalog.replace(rows);
        catalog
    }

    fn read(&self) -> RwLockReadGuard<'_, Names> {
        // Nothing that runs under the lock panics, so a poisoned one holds nothing half done.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a namespace, or gives it another title.
    pub(crate) fn set(&self, namespace: Arc<Namespace>, title: NamespaceTitle) {
        let mut names = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let replaced = names.by_id.insert(namespace.id.clone(), (Arc::clone(&namespace), title.clone()));
        if let Some((_, old_title)) = replaced {
            names.by_title.remove(&old_title);
        }
        names.by_title.insert(title, namespace);
    }

    /// Forgets a namespace; its handles see that at once.
    pub(crate) fn delete(&self, id: &NamespaceId) {
        let mut names = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some((namespace, title)) = names.by_id.remove(id) {
            names.by_title.remove(&title);
            namespace.deleted.store(true, Ordering::Release);
        }
    }

    pub(crate) fn get(&self, id: &NamespaceId) -> Result<Arc<Namespace>, Error> {
        self.read().by_id.get(id).map(|(namespace, _)| Arc::clone(namespace)).ok_or_else(namespace_not_found)
    }

    /// The namespace, or one that does not exist.
    pub(crate) fn get_or_missing(&self, id: &NamespaceId) -> Arc<Namespace> {
        self.get(id).unwrap_or_else(|_| Arc::new(Namespace::missing(id.clone())))
    }

    pub(crate) fn by_title(&self, title: &NamespaceTitle) -> Option<Arc<Namespace>> {
        self.read().by_title.get(title).map(Arc::clone)
    }

    pub(crate) fn info(&self, id: &NamespaceId) -> Result<NamespaceInfo, Error> {
        let found = self.read().by_id.get(id).map(|(namespace, title)| namespace.info(title.clone()));
        found.ok_or_else(namespace_not_found)
    }

    pub(crate) fn list(&self) -> Vec<NamespaceInfo> {
        let names = self.read();
        names.by_id.values().map(|(namespace, title)| namespace.info(title.clone())).collect()
    }

    /// Takes over the namespaces that the file holds; handles of those that stay go on.
    pub(crate) fn replace(&self, rows: Vec<NamespaceRow>) {
        let kept: BTreeSet<&NamespaceId> = rows.iter().map(|row| &row.id).collect();
        let gone: Vec<_> = self.read().by_id.keys().filter(|id| !kept.contains(id)).cloned().collect();
        for id in &gone {
            self.delete(id);
        }
        for NamespaceRow { id, number, title, jurisdiction } in rows {
            let known = self.get(&id);
            self.set(known.unwrap_or_else(|_| Arc::new(Namespace::new(id, number, jurisdiction))), title);
        }
    }
}
