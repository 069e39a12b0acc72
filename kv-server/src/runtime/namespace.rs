//! Namespace of a request, from its header.

use axum::http::{HeaderMap, HeaderName};
use kv_core::{ErrorKind, Key, KvNamespace, KvStore, NamespaceId, NamespaceInfo};

use crate::{
    runtime::runtime_error::RuntimeError,
    state::{app_state::AppState, titles::Lookup},
};

/// Header with the id or the title of the namespace. A request that has it is of this protocol, whatever its
/// path: the path is a key.
pub(crate) const NAMESPACE: HeaderName = HeaderName::from_static("x-kv-namespace");

/// Namespace of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct TargetNamespace<'a> {
    pub(super) state: &'a AppState,
    pub(super) id: &'a NamespaceId,
    pub(super) handle: &'a dyn KvNamespace,
}

impl TargetNamespace<'_> {
    /// Finds the id of the namespace that the header names.
    pub(super) async fn find(state: &AppState, headers: &HeaderMap) -> Result<NamespaceId, RuntimeError> {
        let name = name(headers).ok_or_else(RuntimeError::namespace_not_found)?;
        let lookup = state.titles.look_up(name, state.clock.monotonic());
        if let Some(id) = confirm(state, name, &lookup).await? {
            return Ok(id);
        }
        if let Ok(id) = NamespaceId::new(name)
            && let Some(info) = info(&*state.store, &id).await?
        {
            return Ok(info.id);
        }
        if lookup == Lookup::Absent {
            return Err(RuntimeError::namespace_not_found());
        }
        list(state, name).await?.ok_or_else(RuntimeError::namespace_not_found)
    }

    /// Counts a write to the key, if Cloudflare's rate limits are emulated.
    pub(super) fn count_write(self, key: &Key<'_>) -> Result<(), RuntimeError> {
        let Some(limits) = &self.state.rate_limits else { return Ok(()) };
        limits.write(self.id.as_str(), key.as_str()).map_err(RuntimeError::rate_limited)
    }
}

/// Returns the value of the header, if it occurs once.
fn name(headers: &HeaderMap) -> Option<&str> {
    let mut names = headers.get_all(NAMESPACE).iter();
    let name = names.next().filter(|_| names.next().is_none())?;
    std::str::from_utf8(name.as_bytes()).ok()
}

/// Asks the store if the namespace that was found under the title still has it.
async fn confirm(
    state: &AppState,
    title: &str,
    lookup: &Lookup,
) -> Result<Option<NamespaceId>, RuntimeError> {
    let Lookup::Found(id) = lookup else { return Ok(None) };
    let info = info(&*state.store, id).await?;
    Ok(info.filter(|info| info.title.as_str() == title).map(|info| info.id))
}

/// Finds the namespace with the title in a listing of all namespaces.
async fn list(state: &AppState, title: &str) -> Result<Option<NamespaceId>, RuntimeError> {
    let _permit = state.titles.listing_permit().await;
    let now = state.clock.monotonic();
    match state.titles.look_up(title, now) {
        Lookup::Absent => return Ok(None),
        lookup @ Lookup::Found(_) => {
            if let Some(id) = confirm(state, title, &lookup).await? {
                return Ok(Some(id));
            }
        }
        Lookup::Unknown => {}
    }
    let listing = state.titles.begin_listing(now);
    let namespaces = state.store.list_namespaces().await?;
    state.titles.finish_listing(&listing, &namespaces);
    let info = namespaces.into_iter().find(|info| info.title.as_str() == title);
    Ok(info.map(|info| info.id))
}

async fn info(store: &dyn KvStore, id: &NamespaceId) -> Result<Option<NamespaceInfo>, RuntimeError> {
    match store.namespace_info(id).await {
        Ok(info) => Ok(Some(info)),
        Err(error) if error.kind() == ErrorKind::NamespaceNotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
