//! Store of the reference backend.

use std::{
    iter,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use kv_core::{
    Error, ErrorKind, Jurisdiction, KvNamespace, KvStore, NamespaceId, NamespaceInfo, NamespaceTitle, Result,
    async_trait,
};
use kv_testkit::ManualClock;
use uuid::Uuid;

use super::{Defect, Reference};

#[derive(Debug)]
pub(crate) struct ReferenceStore {
    clock: ManualClock,
    defect: Option<Defect>,
    closed: Arc<AtomicBool>,
    namespaces: Mutex<Vec<(NamespaceInfo, Reference)>>,
}

impl ReferenceStore {
    pub(crate) fn new(clock: ManualClock, defect: Option<Defect>) -> Self {
        Self { clock, defect, closed: Arc::default(), namespaces: Mutex::default() }
    }

    fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    fn empty(&self) -> Reference {
        Reference::new(self.clock.clone(), self.defect).closed_with(&self.closed)
    }

    fn open(&self) -> Result<MutexGuard<'_, Vec<(NamespaceInfo, Reference)>>> {
        if self.closed.load(Ordering::SeqCst) && !self.has(Defect::CloseDoesNothing) {
            return Err(Error::new(ErrorKind::Closed, "reference", "the store is closed"));
        }
        Ok(self.namespaces.lock().unwrap())
    }

    fn create(&self, title: &NamespaceTitle, jurisdiction: Option<Jurisdiction>) -> Result<NamespaceInfo> {
        let mut namespaces = self.open()?;
        let max = if self.has(Defect::TruncatesTitles) { 100 } else { usize::MAX };
        let title = NamespaceTitle::new(title.as_str().chars().take(max).collect::<String>())?;
        let jurisdiction = jurisdiction.filter(|_| !self.has(Defect::DropsJurisdictions));
        let info = NamespaceInfo::new(NamespaceId::new(Uuid::new_v4().simple().to_string())?, title)
            .with_jurisdiction(jurisdiction);
        self.check(&namespaces, &info.title, &info.id)?;
        let shared = namespaces.first().filter(|_| self.has(Defect::NamespacesShareEntries));
        let namespace = shared.map_or_else(|| self.empty(), |(_, namespace)| namespace.clone());
        namespaces.push((info.clone(), namespace));
        Ok(info)
    }

    /// Fails if another namespace than `id` has `title`.
    fn check(
        &self,
        namespaces: &[(NamespaceInfo, Reference)],
        title: &NamespaceTitle,
        id: &NamespaceId,
    ) -> Result<()> {
        let taken = namespaces.iter().any(|(info, _)| info.title == *title && info.id != *id);
        if taken && !self.has(Defect::TitlesAreNotUnique) {
            return Err(Error::new(
                ErrorKind::NamespaceExists,
                "reference",
                "another namespace has the title",
            ));
        }
        Ok(())
    }
}

fn index(namespaces: &[(NamespaceInfo, Reference)], id: &NamespaceId) -> Result<usize> {
    let index = namespaces.iter().position(|(info, _)| info.id == *id);
    index.ok_or_else(|| {
        Error::new(ErrorKind::NamespaceNotFound, "reference", "the store has no namespace with this id")
    })
}

#[async_trait]
impl KvStore for ReferenceStore {
    async fn create_namespace(&self, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.create(&title, None)
    }

    async fn create_namespace_in(
        &self,
        title: NamespaceTitle,
        jurisdiction: Jurisdiction,
    ) -> Result<NamespaceInfo> {
        self.create(&title, Some(jurisdiction))
    }

    async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>> {
        let times = if self.has(Defect::ListsNamespacesTwice) { 2 } else { 1 };
        Ok(self.open()?.iter().flat_map(|(info, _)| iter::repeat_n(info.clone(), times)).collect())
    }

    async fn namespace_info(&self, id: &NamespaceId) -> Result<NamespaceInfo> {
        let namespaces = self.open()?;
        Ok(namespaces[index(&namespaces, id)?].0.clone())
    }

    async fn rename_namespace(&self, id: &NamespaceId, title: NamespaceTitle) -> Result<NamespaceInfo> {
        let mut namespaces = self.open()?;
        let index = index(&namespaces, id)?;
        self.check(&namespaces, &title, id)?;
        let (info, namespace) = &mut namespaces[index];
        if info.title == title && self.has(Defect::RenameToOwnTitleFails) {
            return Err(Error::new(
                ErrorKind::NamespaceExists,
                "reference",
                "the namespace has the title already",
            ));
        }
        info.title = title;
        if self.has(Defect::RenameLosesEntries) {
            namespace.state().slots.clear();
        }
        Ok(info.clone())
    }

    async fn delete_namespace(&self, id: &NamespaceId) -> Result<()> {
        let mut namespaces = self.open()?;
        let index = match index(&namespaces, id) {
            Err(_) if self.has(Defect::DeletesUnknownNamespaces) => return Ok(()),
            index => index?,
        };
        namespaces[index].1.state().deleted = true;
        if !self.has(Defect::KeepsDeletedNamespaces) {
            namespaces.remove(index);
        }
        Ok(())
    }

    fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace> {
        let namespaces = self.namespaces.lock().unwrap();
        let known =
            namespaces.iter().find(|(info, _)| info.id == *id).map(|(_, namespace)| match self.defect {
                Some(Defect::HandlesAreCopies) => namespace.copy(),
                _ => namespace.clone(),
            });
        Arc::new(known.unwrap_or_else(|| {
            let unknown = self.empty();
            unknown.state().deleted = true;
            unknown
        }))
    }

    async fn close(&self) -> Result<()> {
        self.closed.store(true, Ordering::SeqCst);
        Ok(())
    }
}
