//! Store of many namespaces, as a backend implements it.

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

/// Store of many namespaces, each with an id that never changes and a unique title: what Cloudflare calls an
/// account.
///
/// Hold one as `Arc<dyn KvStore>`. Beside the errors named here, every call may fail with those of the
/// backend, such as [`Closed`](crate::ErrorKind::Closed) or [`Unavailable`](crate::ErrorKind::Unavailable).
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
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if it does not, which is the provided method's error;
    /// else as [`create_namespace`](KvStore::create_namespace).
    async fn create_namespace_in(
        &self,
        title: NamespaceTitle,
        jurisdiction: Jurisdiction,
    ) -> Result<NamespaceInfo> {
        // Creating it without a jurisdiction would break the promise of this call.
        let _ = (title, jurisdiction);
        let message = "store keeps no jurisdictions: create the namespace without one";
        Err(Error::new(ErrorKind::Unsupported, BACKEND, message).with_operation("create_namespace_in"))
    }

    /// Returns every namespace, in no promised order.
    async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>>;

    /// Returns the description of a namespace.
    ///
    /// # Errors
    ///
    /// [`NamespaceNotFound`](crate::ErrorKind::NamespaceNotFound).
    async fn namespace_info(&self, id: &NamespaceId) -> Result<NamespaceInfo>;

    /// Gives a namespace another title. Renaming it to its own title succeeds.
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
    /// [`NamespaceNotFound`](crate::ErrorKind::NamespaceNotFound), also on the second call.
    async fn delete_namespace(&self, id: &NamespaceId) -> Result<()>;

    /// Returns a handle to a namespace. It does no I/O; an unknown id fails the handle's first operation with
    /// [`NamespaceNotFound`](crate::ErrorKind::NamespaceNotFound).
    fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace>;

    /// Succeeds while the store takes reads and writes. A readiness probe calls it.
    ///
    /// The provided method lists the namespaces, which shows that the store is open and in reach. A store
    /// that may be readable while it takes no writes overrides it.
    ///
    /// # Errors
    ///
    /// The error that a write would return now.
    async fn check_ready(&self) -> Result<()> {
        self.list_namespaces().await.map(drop)
    }

    /// Finishes accepted writes and releases the store's resources, then returns. Every later operation
    /// through any handle fails with [`Closed`](crate::ErrorKind::Closed), except closing again, which
    /// succeeds.
    async fn close(&self) -> Result<()>;
}
