//! Many namespaces in one place.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;

use crate::{
    contract::namespace::KvNamespace,
    types::{
        error::{BACKEND, Error, ErrorKind, Result},
        jurisdiction::Jurisdiction,
        namespace_info::{NamespaceId, NamespaceInfo, NamespaceTitle},
    },
};

/// An account: many namespaces, each with an id that never changes and a unique title.
///
/// Hold one as `Arc<dyn KvStore>`. What can fail beyond what is named here is what the backend may meet, such as
/// [`Closed`](crate::ErrorKind::Closed) or [`Unavailable`](crate::ErrorKind::Unavailable).
///
/// ```
/// use std::sync::Arc;
/// use kv_core::{KvStore, NamespaceTitle, prelude::*};
/// use kv_memory::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> kv_core::Result<()> {
/// let store: Arc<dyn KvStore> = Arc::new(MemoryStore::new());
/// let created = store.create_namespace(NamespaceTitle::new("sessions")?).await?;
/// store.namespace(&created.id).put("a", "1").await?;
/// store.delete_namespace(&created.id).await?;
/// assert!(store.namespace(&created.id).get("a").await.is_err());
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait KvStore: Debug + Send + Sync + 'static {
    /// Creates an empty namespace.
    ///
    /// # Errors
    ///
    /// [`NamespaceExists`](crate::ErrorKind::NamespaceExists) if another one has the title.
    async fn create_namespace(&self, title: NamespaceTitle) -> Result<NamespaceInfo>;

    /// Creates an empty namespace whose data stays in a jurisdiction, if the store knows jurisdictions.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if it does not, which is what the provided method answers;
    /// else as [`create_namespace`](KvStore::create_namespace).
    async fn create_namespace_in(
        &self,
        title: NamespaceTitle,
        jurisdiction: Jurisdiction,
    ) -> Result<NamespaceInfo> {
        // A namespace that is made without one would be a broken promise.
        let _ = (title, jurisdiction);
        let message = "store keeps no jurisdictions: create the namespace without one";
        Err(Error::new(ErrorKind::Unsupported, BACKEND, message).with_operation("create_namespace_in"))
    }

    /// Every namespace, in no promised order.
    async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>>;

    /// What is known of a namespace.
    ///
    /// # Errors
    ///
    /// [`NamespaceNotFound`](crate::ErrorKind::NamespaceNotFound).
    async fn namespace_info(&self, id: &NamespaceId) -> Result<NamespaceInfo>;

    /// Gives a namespace another title. Giving it the one that it has succeeds.
    ///
    /// # Errors
    ///
    /// [`NamespaceNotFound`](crate::ErrorKind::NamespaceNotFound), or
    /// [`NamespaceExists`](crate::ErrorKind::NamespaceExists) if another one has the title.
    async fn rename_namespace(&self, id: &NamespaceId, title: NamespaceTitle) -> Result<NamespaceInfo>;

    /// Deletes a namespace and every entry in it, for good. Its id is never used again.
    ///
    /// # Errors
    ///
    /// [`NamespaceNotFound`](crate::ErrorKind::NamespaceNotFound), also the second time.
    async fn delete_namespace(&self, id: &NamespaceId) -> Result<()>;

    /// A handle to a namespace. Asks nobody: that there is none with this id shows at the handle's first operation, as
    /// [`NamespaceNotFound`](crate::ErrorKind::NamespaceNotFound).
    fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace>;

    /// Succeeds while the store takes reads and writes; what a readiness probe asks for.
    ///
    /// The provided method lists the namespaces, which shows whether the store is open and in reach. A store that can
    /// be readable and take no writes overrides it.
    ///
    /// # Errors
    ///
    /// The error that a write would be answered with now.
    async fn check_ready(&self) -> Result<()> {
        self.list_namespaces().await.map(drop)
    }

    /// Finishes what was accepted and releases what the store holds; it answers when that is done. Every later
    /// operation through any handle is [`Closed`](crate::ErrorKind::Closed), except closing again, which succeeds.
    async fn close(&self) -> Result<()>;
}
