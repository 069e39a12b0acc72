//! Store that has what a store must have, and ids of its own form.

use std::sync::Arc;

use kv_core::{KvNamespace, KvStore, NamespaceId, NamespaceInfo, NamespaceTitle, Result, async_trait};
use kv_memory::MemoryStore;

/// A store in memory whose ids are no hexadecimal digits, and which leaves to the trait what it provides.
#[derive(Debug)]
pub(crate) struct PlainStore(pub(crate) MemoryStore);

/// The id with `p` to `u` for `a` to `f`, and the other way round.
fn turned(id: &NamespaceId) -> NamespaceId {
    let turn = |byte: u8| match byte {
        b'a'..=b'f' => byte - b'a' + b'p',
        b'p'..=b'u' => byte - b'p' + b'a',
        other => other,
    };
    let id: String = id.as_str().bytes().map(|byte| char::from(turn(byte))).collect();
    NamespaceId::new(id).unwrap()
}

fn shown(info: NamespaceInfo) -> NamespaceInfo {
    NamespaceInfo::new(turned(&info.id), info.title)
}

#[async_trait]
impl KvStore for PlainStore {
    async fn create_namespace(&self, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.0.create_namespace(title).await.map(shown)
    }

    async fn list_namespaces(&self) -> Result<Vec<NamespaceInfo>> {
        Ok(self.0.list_namespaces().await?.into_iter().map(shown).collect())
    }

    async fn namespace_info(&self, id: &NamespaceId) -> Result<NamespaceInfo> {
        self.0.namespace_info(&turned(id)).await.map(shown)
    }

    async fn rename_namespace(&self, id: &NamespaceId, title: NamespaceTitle) -> Result<NamespaceInfo> {
        self.0.rename_namespace(&turned(id), title).await.map(shown)
    }

    async fn delete_namespace(&self, id: &NamespaceId) -> Result<()> {
        self.0.delete_namespace(&turned(id)).await
    }

    fn namespace(&self, id: &NamespaceId) -> Arc<dyn KvNamespace> {
        self.0.namespace(&turned(id))
    }

    async fn close(&self) -> Result<()> {
        self.0.close().await
    }
}
