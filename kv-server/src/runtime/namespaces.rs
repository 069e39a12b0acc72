//! Namespace that a request is about.

use axum::http::{HeaderMap, HeaderName};
use kv_core::{ErrorKind, Key, KvNamespace, KvStore, NamespaceId, NamespaceInfo};

use crate::{
    runtime::runtime_error::Refusal,
    state::{app_state::Shared, titles::Lookup},
};

/// Names the namespace, by its id or its title.
pub(crate) const NAMESPACE: HeaderName = HeaderName::from_static("x-kv-namespace");

/// The namespace that a request is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Namespace<'a> {
    pub(super) shared: &'a Shared,
    pub(super) id: &'a NamespaceId,
    pub(super) handle: &'a dyn KvNamespace,
}

impl Namespace<'_> {
    /// Counts a write to the key, where the service's rate limits are emulated.
    pub(super) fn count_write(self, key: &Key<'_>) -> Result<(), Refusal> {
        let Some(limits) = &self.shared.rate_limits else { return Ok(()) };
        limits.write(self.id.as_str(), key.as_str()).map_err(Refusal::rate_limited)
    }
}

/// The namespace that the header names by its id or its title.
pub(super) async fn find(shared: &Shared, headers: &HeaderMap) -> Result<NamespaceId, Refusal> {
    let name = name(headers).ok_or_else(Refusal::namespace_not_found)?;
    let lookup = shared.titles.look_up(name, shared.clock.monotonic());
    if let Some(id) = seen(shared, name, &lookup).await? {
        return Ok(id);
    }
    if let Ok(id) = NamespaceId::new(name)
        && let Some(info) = info(&*shared.store, &id).await?
    {
        return Ok(info.id);
    }
    if lookup == Lookup::Absent {
        return Err(Refusal::namespace_not_found());
    }
    list(shared, name).await?.ok_or_else(Refusal::namespace_not_found)
}

/// The name in the header, which is there once.
fn name(headers: &HeaderMap) -> Option<&str> {
    let mut names = headers.get_all(NAMESPACE).iter();
    let name = names.next().filter(|_| names.next().is_none())?;
    std::str::from_utf8(name.as_bytes()).ok()
}

/// The namespace that was seen under the title, if it still has it.
async fn seen(shared: &Shared, title: &str, lookup: &Lookup) -> Result<Option<NamespaceId>, Refusal> {
    let Lookup::Seen(id) = lookup else { return Ok(None) };
    let info = info(&*shared.store, id).await?;
    Ok(info.filter(|info| info.title.as_str() == title).map(|info| info.id))
}

/// The namespace with the title, in a listing of all of them.
async fn list(shared: &Shared, title: &str) -> Result<Option<NamespaceId>, Refusal> {
    let _turn = shared.titles.turn().await;
    let now = shared.clock.monotonic();
    match shared.titles.look_up(title, now) {
        Lookup::Absent => return Ok(None),
        lookup @ Lookup::Seen(_) => {
            if let Some(id) = seen(shared, title, &lookup).await? {
                return Ok(Some(id));
            }
        }
        Lookup::Unknown => {}
    }
    let listing = shared.titles.begin(now);
    let namespaces = shared.store.list_namespaces().await?;
    shared.titles.finish(&listing, &namespaces);
    let info = namespaces.into_iter().find(|info| info.title.as_str() == title);
    Ok(info.map(|info| info.id))
}

async fn info(store: &dyn KvStore, id: &NamespaceId) -> Result<Option<NamespaceInfo>, Refusal> {
    match store.namespace_info(id).await {
        Ok(info) => Ok(Some(info)),
        Err(error) if error.kind() == ErrorKind::NamespaceNotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
