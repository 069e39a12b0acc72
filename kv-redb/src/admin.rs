//! Creating, renaming and deleting namespaces.

use std::sync::Arc;

use kv_core::{Error, ErrorKind, NamespaceId, NamespaceTitle, Result};
use redb::ReadableTable;

use crate::{
    catalog::Namespace,
    error::{EngineResult, error},
    file::StoreFile,
    request::Admin,
    state::State,
    tables::{DELETED, FILE, NAMESPACES, NEXT_NAMESPACE},
};

/// Applies `request` in a transaction of its own. What the caller got wrong is kept in the request's answer.
pub(crate) fn apply(file: &StoreFile, state: &State, request: &mut Admin) -> EngineResult<()> {
    match request {
        Admin::Create(title, answer) => {
            let outcome = match free(state, title, None) {
                Ok(()) => create(file, state, title)?,
                Err(taken) => Err(taken),
            };
            answer.keep(outcome);
        }
        Admin::Open(title, answer) => {
            let outcome = match state.catalog.by_title(title) {
                Some(namespace) => Ok(namespace),
                None => create(file, state, title)?,
            };
            answer.keep(outcome);
        }
        Admin::Rename(id, title, answer) => {
            let outcome =
                match state.catalog.get(id).and_then(|found| free(state, title, Some(id)).map(|()| found)) {
                    Ok(namespace) => Ok(rename(file, state, &namespace, title)?),
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

fn create(file: &StoreFile, state: &State, title: &NamespaceTitle) -> EngineResult<Result<Arc<Namespace>>> {
    let id = match NamespaceId::new(uuid::Uuid::new_v4().simple().to_string()) {
        Ok(id) => id,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let transaction = file.begin_write()?;
    let number = {
        let mut numbers = transaction.open_table(FILE)?;
        let next = numbers.get(NEXT_NAMESPACE)?.map_or(0, |next| next.value());
        // The last number stays free, so that every namespace has one behind it where a scan of it ends.
        let Some(number) = u32::try_from(next).ok().filter(|number| *number != u32::MAX) else {
            let message = format!(
                "the store {} has given out all of its 4,294,967,295 namespaces: use another file",
                state.path.display()
            );
            return Ok(Err(error(ErrorKind::QuotaExceeded, message)));
        };
        numbers.insert(NEXT_NAMESPACE, next + 1)?;
        transaction.open_table(NAMESPACES)?.insert(id.as_str(), (number, title.as_str()))?;
        number
    };
    transaction.commit()?;
    let namespace = Arc::new(Namespace::new(id, number));
    state.catalog.set(Arc::clone(&namespace), title.clone());
    Ok(Ok(namespace))
}

fn rename(
    file: &StoreFile,
    state: &State,
    namespace: &Arc<Namespace>,
    title: &NamespaceTitle,
) -> EngineResult<()> {
    let transaction = file.begin_write()?;
    transaction.open_table(NAMESPACES)?.insert(namespace.id.as_str(), (namespace.number, title.as_str()))?;
    transaction.commit()?;
    state.catalog.set(Arc::clone(namespace), title.clone());
    Ok(())
}

/// Only the name goes now; the sweep reclaims the entries, also after a restart.
fn delete(file: &StoreFile, state: &State, namespace: &Namespace) -> EngineResult<()> {
    let transaction = file.begin_write()?;
    transaction.open_table(NAMESPACES)?.remove(namespace.id.as_str())?;
    transaction.open_table(DELETED)?.insert(namespace.number, ())?;
    transaction.commit()?;
    state.catalog.delete(&namespace.id);
    Ok(())
}
