//! Creation, renaming and deletion of namespaces, each in a transaction of its own.

use std::sync::Arc;

use kv_core::{Error, ErrorKind, Jurisdiction, NamespaceId, NamespaceTitle, Result};
use redb::ReadableTable;

use crate::{
    file::{
        error::error,
        store_file::StoreFile,
        tables::NEXT_NAMESPACE,
        transaction::{Change, WriteError, transact},
    },
    read::{catalog::NamespaceState, snapshot::Snapshot, state::StoreState},
    write::request::NamespaceRequest,
};

/// Serves `request`. An error of the caller, such as a title that is taken, is set as the outcome of the
/// reply.
pub(crate) fn serve(
    file: &StoreFile,
    state: &StoreState,
    request: &mut NamespaceRequest,
) -> Result<(), WriteError> {
    match request {
        NamespaceRequest::Create(title, jurisdiction, reply) => {
            let outcome = match check_free(state, title, None) {
                Ok(()) => create(file, state, title, *jurisdiction)?,
                Err(taken) => Err(taken),
            };
            reply.set(outcome);
        }
        NamespaceRequest::Open(title, reply) => {
            let outcome = match state.catalog.by_title(title) {
                Some(namespace) => Ok(namespace),
                None => create(file, state, title, None)?,
            };
            reply.set(outcome);
        }
        NamespaceRequest::Rename(id, title, reply) => {
            let outcome = match state
                .catalog
                .get(id)
                .and_then(|found| check_free(state, title, Some(id)).map(|()| found))
            {
                Ok(namespace) => {
                    rename(file, state, &namespace, title)?;
                    Ok(namespace)
                }
                Err(refused) => Err(refused),
            };
            reply.set(outcome);
        }
        NamespaceRequest::Delete(id, reply) => {
            let outcome = match state.catalog.get(id) {
                Ok(namespace) => Ok(delete(file, state, &namespace)?),
                Err(missing) => Err(missing),
            };
            reply.set(outcome);
        }
    }
    Ok(())
}

/// Fails if a namespace other than `own` has the title.
fn check_free(state: &StoreState, title: &NamespaceTitle, own: Option<&NamespaceId>) -> Result<()> {
    match state.catalog.by_title(title) {
        Some(other) if Some(&other.id) != own => Err(exists(title)),
        _ => Ok(()),
    }
}

fn exists(title: &NamespaceTitle) -> Error {
    let chars = title.as_str().chars().count();
    let message =
        format!("another namespace has this title of {chars} characters: open it, or choose another title");
    error(ErrorKind::NamespaceExists, message)
}

/// Publishes a snapshot with the change: backups copy the namespaces from it.
fn publish(file: &StoreFile, state: &StoreState) -> Result<(), WriteError> {
    state.publish(Snapshot::take(file).map_err(WriteError::Failed)?);
    Ok(())
}

fn create(
    file: &StoreFile,
    state: &StoreState,
    title: &NamespaceTitle,
    jurisdiction: Option<Jurisdiction>,
) -> Result<Result<Arc<NamespaceState>>, WriteError> {
    let id = match NamespaceId::new(uuid::Uuid::new_v4().simple().to_string()) {
        Ok(id) => id,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let number = transact(file, |tables| {
        let meta = tables.meta()?;
        let next = meta.get(NEXT_NAMESPACE)?.map_or(0, |next| next.value());
        // The last number is never used, so that every namespace has a number behind it where a scan of it
        // ends.
        let Some(number) = u32::try_from(next).ok().filter(|number| *number != u32::MAX) else {
            return Ok((None, Change::None));
        };
        meta.insert(NEXT_NAMESPACE, next + 1)?;
        tables.namespaces()?.insert(id.as_str(), (number, title.as_str()))?;
        if let Some(jurisdiction) = jurisdiction {
            tables.jurisdictions()?.insert(id.as_str(), jurisdiction.as_str())?;
        }
        Ok((Some(number), Change::Some))
    })?;
    let Some(number) = number else {
        let message = format!(
            "the store {} has created too many namespaces: 4294967295 over its life (max 4294967295): use another file",
            state.path.display()
        );
        return Ok(Err(error(ErrorKind::QuotaExceeded, message)));
    };
    let namespace = Arc::new(NamespaceState::new(id, number, jurisdiction));
    state.catalog.set(Arc::clone(&namespace), title.clone());
    publish(file, state)?;
    Ok(Ok(namespace))
}

fn rename(
    file: &StoreFile,
    state: &StoreState,
    namespace: &Arc<NamespaceState>,
    title: &NamespaceTitle,
) -> Result<(), WriteError> {
    transact(file, |tables| {
        tables.namespaces()?.insert(namespace.id.as_str(), (namespace.number, title.as_str()))?;
        Ok(((), Change::Some))
    })?;
    state.catalog.set(Arc::clone(namespace), title.clone());
    publish(file, state)
}

/// Deletes the name and the id. The sweep reclaims the entries, also after a restart.
fn delete(file: &StoreFile, state: &StoreState, namespace: &NamespaceState) -> Result<(), WriteError> {
    transact(file, |tables| {
        tables.namespaces()?.remove(namespace.id.as_str())?;
        if namespace.jurisdiction.is_some() {
            tables.jurisdictions()?.remove(namespace.id.as_str())?;
        }
        tables.deleted_namespaces()?.insert(namespace.number, ())?;
        Ok(((), Change::Some))
    })?;
    state.catalog.delete(&namespace.id);
    publish(file, state)
}
