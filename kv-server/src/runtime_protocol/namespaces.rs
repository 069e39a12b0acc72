//! The namespace that a request is about.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use axum::http::HeaderMap;
use kv_core::{ErrorKind, KvStore, NamespaceId, NamespaceInfo};

use super::{NAMESPACE, refusal::Refusal};

/// Which id was last seen under a title. It saves the listing of all namespaces, and no answer rests on it alone: the
/// store is asked whether the namespace still exists and still has the title.
static TITLES: LazyLock<Mutex<HashMap<String, NamespaceId>>> = LazyLock::new(Mutex::default);

/// As many as an account of the service has. They are forgotten together, and looked up again.
const MAX_TITLES: usize = 1000;

fn remembered(title: &str) -> Option<NamespaceId> {
    TITLES.lock().unwrap_or_else(PoisonError::into_inner).get(title).cloned()
}

fn remember(info: &NamespaceInfo) {
    let mut titles = TITLES.lock().unwrap_or_else(PoisonError::into_inner);
    if titles.len() >= MAX_TITLES {
        titles.clear();
    }
    titles.insert(info.title.as_str().to_owned(), info.id.clone());
}

/// The namespace that the header names by its id or its title.
pub(super) async fn find(store: &dyn KvStore, headers: &HeaderMap) -> Result<NamespaceId, Refusal> {
    let name = headers.get(NAMESPACE).and_then(|name| std::str::from_utf8(name.as_bytes()).ok());
    let name = name.ok_or_else(Refusal::namespace_not_found)?;
    match with_title(store, name).await? {
        Some(id) => Ok(id),
        None => id_or_title(store, name).await,
    }
}

/// The namespace that was seen under the title, if it still has it.
async fn with_title(store: &dyn KvStore, title: &str) -> Result<Option<NamespaceId>, Refusal> {
    let Some(id) = remembered(title) else { return Ok(None) };
    let info = info(store, &id).await?;
    Ok(info.filter(|info| info.title.as_str() == title).map(|info| info.id))
}

async fn id_or_title(store: &dyn KvStore, name: &str) -> Result<NamespaceId, Refusal> {
    if let Ok(id) = NamespaceId::new(name)
        && let Some(info) = info(store, &id).await?
    {
        return Ok(info.id);
    }
    let namespaces = store.list_namespaces().await?;
    let info = namespaces.into_iter().find(|info| info.title.as_str() == name);
    let info = info.ok_or_else(Refusal::namespace_not_found)?;
    remember(&info);
    Ok(info.id)
}

async fn info(store: &dyn KvStore, id: &NamespaceId) -> Result<Option<NamespaceInfo>, Refusal> {
    match store.namespace_info(id).await {
        Ok(info) => Ok(Some(info)),
        Err(error) if error.kind() == ErrorKind::NamespaceNotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
