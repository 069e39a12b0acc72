//! Content of a store, as it should be or as it was found.

use std::collections::BTreeMap;

use kv_core::Timestamp;

use super::{Change, Condition, Operation, Outcome, Write};

/// Namespaces of a store by title, with their entries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(super) namespaces: BTreeMap<String, ModelNamespace>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct ModelNamespace {
    /// Id of the namespace, or `None` if its creation was never answered.
    pub(super) id: Option<String>,
    pub(super) entries: BTreeMap<String, ModelEntry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ModelEntry {
    pub(super) write: Write,
    pub(super) expires_at: Option<Timestamp>,
}

impl ModelEntry {
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|expires_at| !expires_at.has_passed(now))
    }
}

impl Model {
    /// Ids of the namespaces, in the order of their titles.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &String> {
        self.namespaces.values().filter_map(|namespace| namespace.id.as_ref())
    }

    /// Returns the namespaces whose titles start with `prefix`.
    pub(crate) fn part(&self, prefix: &str) -> Self {
        let part = self.namespaces.iter().filter(|(title, _)| title.starts_with(prefix));
        Self { namespaces: part.map(|(title, namespace)| (title.clone(), namespace.clone())).collect() }
    }

    /// Joins `parts` that have no title in common.
    pub(crate) fn whole(parts: impl IntoIterator<Item = Self>) -> Self {
        Self { namespaces: parts.into_iter().flat_map(|part| part.namespaces).collect() }
    }

    /// Number of entries in all namespaces.
    pub(crate) fn entries(&self) -> usize {
        self.namespaces.values().map(|namespace| namespace.entries.len()).sum()
    }

    /// Applies `operation` at `now` and returns the expected outcome; `created` is the id of a created
    /// namespace.
    pub(super) fn apply(
        &mut self,
        operation: &Operation,
        now: Timestamp,
        created: Option<&String>,
    ) -> Outcome {
        match operation {
            Operation::Change(id, change) => match self.namespace(id) {
                Some(namespace) => return namespace.apply(change, now),
                None => return Outcome::NamespaceNotFound,
            },
            Operation::PutMany(id, writes) => {
                let Some(namespace) = self.namespace(id) else { return Outcome::NamespaceNotFound };
                for (key, write) in writes {
                    namespace.put(key, *write, now);
                }
            }
            Operation::DeleteMany(id, keys) => {
                let Some(namespace) = self.namespace(id) else { return Outcome::NamespaceNotFound };
                for key in keys {
                    namespace.entries.remove(key);
                }
            }
            Operation::Sweep(_) => {}
            Operation::Create(title) => {
                if self.namespaces.contains_key(title) {
                    return Outcome::NamespaceExists;
                }
                let namespace = ModelNamespace { id: created.cloned(), entries: BTreeMap::new() };
                self.namespaces.insert(title.clone(), namespace);
                return Outcome::Created(created.cloned().unwrap_or_default());
            }
            Operation::Rename(id, title) => {
                let Some(old) = self.title(id) else { return Outcome::NamespaceNotFound };
                if old != *title {
                    if self.namespaces.contains_key(title) {
                        return Outcome::NamespaceExists;
                    }
                    let namespace = self.namespaces.remove(&old).unwrap();
                    self.namespaces.insert(title.clone(), namespace);
                }
            }
            Operation::Delete(id) => {
                let Some(title) = self.title(id) else { return Outcome::NamespaceNotFound };
                self.namespaces.remove(&title);
            }
        }
        Outcome::Done
    }

    fn title(&self, id: &str) -> Option<String> {
        let found = self.namespaces.iter().find(|(_, namespace)| namespace.id.as_deref() == Some(id));
        found.map(|(title, _)| title.clone())
    }

    fn namespace(&mut self, id: &str) -> Option<&mut ModelNamespace> {
        self.namespaces.values_mut().find(|namespace| namespace.id.as_deref() == Some(id))
    }

    /// Describes the first difference to the content `found` at `now`, if there is one.
    pub(super) fn difference(&self, found: &Self, now: Timestamp) -> Option<String> {
        let titles = |model: &Self| model.namespaces.keys().cloned().collect::<Vec<_>>();
        if titles(self) != titles(found) {
            return Some(format!("the namespaces {:?} instead of {:?}", titles(found), titles(self)));
        }
        self.namespaces.iter().zip(found.namespaces.values()).find_map(|((title, expected), found)| {
            if expected.id.is_some() && expected.id != found.id {
                return Some(format!("another namespace {title}"));
            }
            let mut expected = expected.entries.clone();
            expected.retain(|_, entry| entry.is_live(now));
            let mut keys = expected.keys().chain(found.entries.keys());
            keys.find(|key| expected.get(*key) != found.entries.get(*key)).map(|key| {
                let expected = expected.get(key);
                let found = found.entries.get(key);
                format!("in {title} under {key:.9} {found:?} instead of {expected:?}")
            })
        })
    }
}

impl ModelNamespace {
    fn put(&mut self, key: &str, write: Write, now: Timestamp) {
        let expires_at = write.lifetime().map(|lifetime| now.saturating_add(lifetime));
        self.entries.insert(key.to_owned(), ModelEntry { write, expires_at });
    }

    fn apply(&mut self, change: &Change, now: Timestamp) -> Outcome {
        let live = self.entries.get(&change.key).filter(|entry| entry.is_live(now));
        let holds = match change.condition {
            None => true,
            Some(Condition::Absent) => live.is_none(),
            Some(Condition::Unchanged(write, _)) => live.is_some_and(|entry| entry.write == write),
        };
        if !holds {
            return Outcome::Conflict;
        }
        match change.write {
            Some(write) => self.put(&change.key, write, now),
            None => drop(self.entries.remove(&change.key)),
        }
        Outcome::Done
    }
}
