//! Operations as they are drawn, before it is known on what.

use kv_core::{Result, prelude::*};
use kv_redb::RedbStore;
use proptest::{collection::vec, prelude::*, sample::Index};

use super::{Change, Condition, Model, Operation, Shape, Write, key, operation::atomic, write::KEYS};

/// An operation as it is drawn. What is in a namespace becomes the creation of one where there is none.
#[derive(Debug, Clone)]
pub(crate) enum Draft {
    Sweep(usize),
    Create(u8),
    In(Index, InNamespace),
}

#[derive(Debug, Clone)]
pub(crate) enum InNamespace {
    Put(u8, Shape),
    PutIfAbsent(u8, Shape),
    /// If it is what was there before the batch.
    PutIfUnchanged(u8, Shape),
    Delete(u8),
    DeleteIfUnchanged(u8),
    PutMany(Vec<(u8, Shape)>),
    DeleteMany(Vec<u8>),
    Rename(u8),
    DeleteNamespace,
}

const TITLES: u8 = 3;
/// Above this, a few in one bulk call would no longer be one request.
const LONGEST_IN_BULK: usize = 70_000;

/// Operations that are asked for at the same time, with values of up to `longest` bytes.
pub(crate) fn batches(longest: usize, operations: usize) -> impl Strategy<Value = Vec<Draft>> {
    let entry = move || (0..KEYS, Shape::strategy(longest));
    let in_namespace = prop_oneof![
        12 => entry().prop_map(|(key, shape)| InNamespace::Put(key, shape)),
        2 => entry().prop_map(|(key, shape)| InNamespace::PutIfAbsent(key, shape)),
        3 => entry().prop_map(|(key, shape)| InNamespace::PutIfUnchanged(key, shape)),
        3 => (0..KEYS).prop_map(InNamespace::Delete),
        2 => (0..KEYS).prop_map(InNamespace::DeleteIfUnchanged),
        2 => vec((0..KEYS, Shape::strategy(LONGEST_IN_BULK)), 1..6).prop_map(InNamespace::PutMany),
        1 => vec(0..KEYS, 1..6).prop_map(InNamespace::DeleteMany),
        1 => (0..TITLES).prop_map(InNamespace::Rename),
        1 => Just(InNamespace::DeleteNamespace),
    ];
    let draft = prop_oneof![
        2 => (1_usize..10).prop_map(Draft::Sweep),
        1 => (0..TITLES).prop_map(Draft::Create),
        27 => (any::<Index>(), in_namespace).prop_map(|(namespace, draft)| Draft::In(namespace, draft)),
    ];
    vec(draft, 1..=operations)
}

/// Makes operations of drafts.
#[derive(Debug)]
pub(crate) struct Drafter {
    /// What its titles start with.
    prefix: String,
    next_serial: u64,
}

impl Drafter {
    pub(crate) fn new(prefix: impl Into<String>, first_serial: u64) -> Self {
        Self { prefix: prefix.into(), next_serial: first_serial }
    }

    /// The operation that `draft` is where the store holds `known`; reads what it depends on from `store`.
    pub(crate) async fn operation(
        &mut self,
        draft: Draft,
        known: &Model,
        store: &RedbStore,
    ) -> Result<Operation> {
        let ids: Vec<&String> = known.ids().collect();
        match draft {
            Draft::Sweep(limit) => Ok(Operation::Sweep(limit)),
            Draft::Create(number) => Ok(Operation::Create(self.title(number))),
            Draft::In(..) if ids.is_empty() => Ok(Operation::Create(self.title(0))),
            Draft::In(namespace, draft) => {
                self.in_namespace(draft, ids[namespace.index(ids.len())], store).await
            }
        }
    }

    async fn in_namespace(&mut self, draft: InNamespace, id: &str, store: &RedbStore) -> Result<Operation> {
        let (number, condition, write) = match draft {
            InNamespace::Put(number, shape) => (number, None, Some(self.write(shape))),
            InNamespace::PutIfAbsent(number, shape) => {
                (number, Some(Condition::Absent), Some(self.write(shape)))
            }
            InNamespace::PutIfUnchanged(number, shape) => {
                let condition = unchanged(store, id, number).await?.unwrap_or(Condition::Absent);
                (number, Some(condition), Some(self.write(shape)))
            }
            InNamespace::Delete(number) => (number, None, None),
            InNamespace::DeleteIfUnchanged(number) => (number, unchanged(store, id, number).await?, None),
            InNamespace::PutMany(writes) => {
                let writes = writes.into_iter().map(|(number, shape)| (key(number), self.write(shape)));
                return Ok(Operation::PutMany(id.to_owned(), writes.collect()));
            }
            InNamespace::DeleteMany(numbers) => {
                return Ok(Operation::DeleteMany(id.to_owned(), numbers.into_iter().map(key).collect()));
            }
            InNamespace::Rename(number) => return Ok(Operation::Rename(id.to_owned(), self.title(number))),
            InNamespace::DeleteNamespace => return Ok(Operation::Delete(id.to_owned())),
        };
        Ok(Operation::Change(id.to_owned(), Change { key: key(number), condition, write }))
    }

    fn title(&self, number: u8) -> String {
        format!("{}{number}", self.prefix)
    }

    /// Operations of each kind on namespaces that are there.
    pub(crate) fn one_of_each(&mut self, known: &Model) -> Vec<Operation> {
        let write = self.write(Shape::default());
        let mut operations = vec![Operation::Sweep(1), Operation::Create(self.title(TITLES))];
        for id in known.ids().take(1) {
            let change =
                |condition, write| Operation::Change(id.clone(), Change { key: key(0), condition, write });
            operations.extend([
                change(None, Some(write)),
                change(Some(Condition::Absent), Some(write)),
                change(None, None),
                change(Some(Condition::Unchanged(write, 1)), None),
                Operation::PutMany(id.clone(), vec![(key(0), write)]),
                Operation::DeleteMany(id.clone(), vec![key(0)]),
                Operation::Rename(id.clone(), self.title(TITLES)),
                Operation::Delete(id.clone()),
            ]);
        }
        operations
    }

    fn write(&mut self, shape: Shape) -> Write {
        self.next_serial += 1;
        Write { serial: self.next_serial, shape }
    }
}

/// That the entry is what it is now, if there is one.
async fn unchanged(store: &RedbStore, id: &str, number: u8) -> Result<Option<Condition>> {
    let key = key(number);
    let found = atomic(store, id).get_versioned(&key).await?;
    Ok(found.map(|(entry, version)| Condition::Unchanged(Write::of(&key, &entry), version.as_u64())))
}
