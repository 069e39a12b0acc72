//! Scope of a case in a store: its own namespaces.

use std::sync::{Arc, Mutex};

use kv_core::{
    ErrorKind, Jurisdiction, KvNamespace, KvStore, NamespaceId, NamespaceInfo, NamespaceTitle, Result,
};
use uuid::Uuid;

use crate::support::subject::Subject;

/// Scope of a case: namespaces with a random part in their titles. `clean` deletes them.
pub(crate) struct StoreScope {
    store: Arc<dyn KvStore>,
    id: String,
    created: Mutex<Vec<NamespaceId>>,
}

impl StoreScope {
    pub(crate) fn new(subject: &Subject) -> Self {
        let id = Uuid::new_v4().simple().to_string() + ":";
        Self { store: Arc::clone(subject.store()), id, created: Mutex::default() }
    }

    pub(crate) fn title(&self, name: &str) -> NamespaceTitle {
        NamespaceTitle::new([&self.id, name].concat()).expect("the suite's titles are valid")
    }

    /// Returns an id that no namespace has.
    pub(crate) fn unknown_id() -> NamespaceId {
        NamespaceId::new(Uuid::new_v4().simple().to_string()).expect("32 digits are a valid id")
    }

    pub(crate) async fn try_create(&self, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.add(self.store.create_namespace(title).await)
    }

    pub(crate) async fn try_create_in(
        &self,
        title: NamespaceTitle,
        jurisdiction: Jurisdiction,
    ) -> Result<NamespaceInfo> {
        self.add(self.store.create_namespace_in(title, jurisdiction).await)
    }

    fn add(&self, created: Result<NamespaceInfo>) -> Result<NamespaceInfo> {
        let created = created?;
        self.created.lock().unwrap().push(created.id.clone());
        Ok(created)
    }

    pub(crate) async fn create(&self, name: &str) -> (NamespaceInfo, Arc<dyn KvNamespace>) {
        let created = self.try_create(self.title(name)).await.unwrap();
        let namespace = self.store.namespace(&created.id);
        (created, namespace)
    }

    /// Returns the entries of the store's list that have `id`.
    pub(crate) async fn listed(&self, id: &NamespaceId) -> Vec<NamespaceInfo> {
        let mut listed = self.store.list_namespaces().await.unwrap();
        listed.retain(|info| info.id == *id);
        listed
    }

    pub(crate) async fn clean(self) {
        for id in self.created.into_inner().unwrap() {
            match self.store.delete_namespace(&id).await {
                Err(error) if error.kind() != ErrorKind::NamespaceNotFound => panic!("{error:?}"),
                _ => {}
            }
        }
    }
}
