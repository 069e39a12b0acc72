//! Store with required methods alone, and ids of another form.

use std::sync::Arc;

use kv_core::{KvNamespace, KvStore, NamespaceId, NamespaceInfo, NamespaceTitle, Result, async_trait};
use kv_memory::MemoryStore;

/// A store in memory whose ids are not hexadecimal, and which keeps the trait's default methods.
#[derive(Debug)]
pub(crate) struct PlainStore(pub(crate) MemoryStore);

/// Exchanges `a` to `f` in an id for `p` to `u`, and the other way round.
fn exchanged(id: &NamespaceId) -> NamespaceId {
    let exchange = |byte: u8| match byte {
        b'a'..=b'f' => byte - b'a' + b'p',
        b'p'..=b'u' => byte - b'p' + b'a',
        other => other,
    };
    let id: String = id.as_str().bytes().map(|byte| char::from(exchange(byte))).collect();
    NamespaceId::new(id).unwrap()
}

fn exchanged_info(info: NamespaceInfo) -> NamespaceInfo {
    NamespaceInfo::new(exchanged(&info.id), info.title)
}

#[async_trait]
impl KvStore for PlainStore {
    async fn create_namespace(&self, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.0.create_namespace(title).await.map(exchanged_info)
    }

    async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>> {
        Ok(self.0.list_namespaces().await?.into_iter().map(exchanged_info).collect())
    }

    async fn namespace_info(&self, id: &NamespaceId) -> Result<NamespaceInfo> {
        self.0.namespace_info(&exchanged(id)).await.map(exchanged_info)
    }

    async fn rename_namespace(&self, id: &NamespaceId, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.0.rename_namespace(&exchanged(id), title).await.map(exchanged_info)
    }

    async fn delete_namespace(&self, id: &NamespaceId) -> Result<()> {
        self.0.delete_namespace(&exchanged(id)).await
    }

    fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace> {
        self.0.namespace(&exchanged(id))
    }

    async fn close(&self) -> Result<()> {
        self.0.close().await
    }
}
