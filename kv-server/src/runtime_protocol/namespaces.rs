//! The namespace that a request is about.

use axum::http::HeaderMap;
use kv_core::{ErrorKind, KvStore, NamespaceId, NamespaceInfo};

use super::{NAMESPACE, refusal::Refusal};
use crate::shared::Shared;

/// The namespace that the header names by its id or its title.
pub(super) async fn find(shared: &Shared, headers: &HeaderMap) -> Result<NamespaceId, Refusal> {
    let name = headers.get(NAMESPACE).and_then(|name| std::str::from_utf8(name.as_bytes()).ok());
    let name = name.ok_or_else(Refusal::namespace_not_found)?;
    match with_title(shared, name).await? {
        Some(id) => Ok(id),
        None => id_or_title(shared, name).await,
    }
}

/// The namespace that was seen under the title, if it still has it.
async fn with_title(shared: &Shared, title: &str) -> Result<Option<NamespaceId>, Refusal> {
    let Some(id) = shared.seen_titles.get(title) else { return Ok(None) };
    let info = info(&*shared.store, &id).await?;
    Ok(info.filter(|info| info.title.as_str() == title).map(|info| info.id))
}

async fn id_or_title(shared: &Shared, name: &str) -> Result<NamespaceId, Refusal> {
    if let Ok(id) = NamespaceId::new(name)
        && let Some(info) = info(&*shared.store, &id).await?
    {
        return Ok(info.id);
    }
    let namespaces = shared.store.list_namespaces().await?;
    let info = namespaces.into_iter().find(|info| info.title.as_str() == name);
    let info = info.ok_or_else(Refusal::namespace_not_found)?;
    shared.seen_titles.insert(&info);
    Ok(info.id)
}

async fn info(store: &dyn KvStore, id: &NamespaceId) -> Result<Option<NamespaceInfo>, Refusal> {
    match store.namespace_info(id).await {
        Ok(info) => Ok(Some(info)),
        Err(error) if error.kind() == ErrorKind::NamespaceNotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
