//! Creating, renaming and deleting namespaces.

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
    read::{catalog::Namespace, snapshot::Snapshot, state::State},
    write::request::Admin,
};

/// Applies `request` in a transaction of its own. What the caller got wrong is kept in the request's answer.
pub(crate) fn apply(file: &StoreFile, state: &State, request: &mut Admin) -> Result<(), WriteError> {
    match request {
        Admin::Create(title, jurisdiction, answer) => {
            let outcome = match free(state, title, None) {
                Ok(()) => create(file, state, title, *jurisdiction)?,
                Err(taken) => Err(taken),
            };
            answer.keep(outcome);
        }
        Admin::Open(title, answer) => {
            let outcome = match state.catalog.by_title(title) {
                Some(namespace) => Ok(namespace),
                None => create(file, state, title, None)?,
            };
            answer.keep(outcome);
        }
        Admin::Rename(id, title, answer) => {
            let outcome =
                match state.catalog.get(id).and_then(|found| free(state, title, Some(id)).map(|()| found)) {
                    Ok(namespace) => {
                        rename(file, state, &namespace, title)?;
                        Ok(namespace)
                    }
                    Err(refused) => Err(refused),
                };
            answer.keep(outcome);
        }
        Admin::Delete(id, answer) => {
            let outcome = match state.catalog.get(id) {
                Ok(namespace) => Ok(delete(file, state, &namespace)?),
                Err(missing) => Err(missing),
            };
            answer.keep(outcome);
        }
    }
    Ok(())
}

/// Fails if a namespace other than `own` has the title.
fn free(state: &State, title: &NamespaceTitle, own: Option<&NamespaceId>) -> Result<()> {
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

/// Publishes what the file holds now: a backup copies the namespaces from there.
fn publish(file: &StoreFile, state: &State) -> Result<(), WriteError> {
    state.publish(Snapshot::take(file).map_err(WriteError::Failed)?);
    Ok(())
}

fn create(
    file: &StoreFile,
    state: &State,
    title: &NamespaceTitle,
    jurisdiction: Option<Jurisdiction>,
) -> Result<Result<Arc<Namespace>>, WriteError> {
    let id = match NamespaceId::new(uuid::Uuid::new_v4().simple().to_string()) {
        Ok(id) => id,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let number = transact(file, |tables| {
        let numbers = tables.file()?;
        let next = numbers.get(NEXT_NAMESPACE)?.map_or(0, |next| next.value());
        // The last number stays free, so that every namespace has one behind it where a scan of it ends.
        let Some(number) = u32::try_from(next).ok().filter(|number| *number != u32::MAX) else {
            return Ok((None, Change::None));
        };
        numbers.insert(NEXT_NAMESPACE, next + 1)?;
        tables.namespaces()?.insert(id.as_str(), (number, title.as_str()))?;
        if let Some(jurisdiction) = jurisdiction {
            tables.jurisdictions()?.insert(id.as_str(), jurisdiction.as_str())?;
        }
        Ok((Some(number), Change::Some))
    })?;
    let Some(number) = number else {
        let message = format!(
            "the store {} has given out all of its 4,294,967,295 namespaces: use another file",
            state.path.display()
        );
        return Ok(Err(error(ErrorKind::QuotaExceeded, message)));
    };
    let namespace = Arc::new(Namespace::new(id, number, jurisdiction));
    state.catalog.set(Arc::clone(&namespace), title.clone());
    publish(file, state)?;
    Ok(Ok(namespace))
}

fn rename(
    file: &StoreFile,
    state: &State,
    namespace: &Arc<Namespace>,
    title: &NamespaceTitle,
) -> Result<(), WriteError> {
    transact(file, |tables| {
        tables.namespaces()?.insert(namespace.id.as_str(), (namespace.number, title.as_str()))?;
        Ok(((), Change::Some))
    })?;
    state.catalog.set(Arc::clone(namespace), title.clone());
    publish(file, state)
}

/// Only the name goes now; the sweep reclaims the entries, also after a restart.
fn delete(file: &StoreFile, state: &State, namespace: &Namespace) -> Result<(), WriteError> {
    transact(file, |tables| {
        tables.namespaces()?.remove(namespace.id.as_str())?;
        if namespace.jurisdiction.is_some() {
            tables.jurisdictions()?.remove(namespace.id.as_str())?;
        }
        tables.deleted()?.insert(namespace.number, ())?;
        Ok(((), Change::Some))
    })?;
    state.catalog.delete(&namespace.id);
    publish(file, state)
}
