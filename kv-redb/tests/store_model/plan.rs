//! Plans: operations as a strategy draws them, before it is known which namespaces the store has.

use kv_core::{Result, prelude::*};
use kv_redb::RedbStore;
use proptest::{collection::vec, prelude::*, sample::Index};

use super::{Change, Condition, Model, Operation, Shape, Write, key, operation::atomic, write::KEY_COUNT};

/// Plan of an operation. A plan for a namespace creates one if the store has none.
#[derive(Debug, Clone)]
pub(crate) enum Plan {
    Sweep(usize),
    Create(u8),
    In(Index, NamespacePlan),
}

#[derive(Debug, Clone)]
pub(crate) enum NamespacePlan {
    Put(u8, Shape),
    PutIfAbsent(u8, Shape),
    /// Puts if the entry is the one from before the batch.
    PutIfUnchanged(u8, Shape),
    Delete(u8),
    DeleteIfUnchanged(u8),
    PutMany(Vec<(u8, Shape)>),
    DeleteMany(Vec<u8>),
    Rename(u8),
    DeleteNamespace,
}

const TITLES: u8 = 3;
/// Longest value in a bulk call: with longer ones, a few entries no longer fit into one request.
const MAX_BULK_VALUE_BYTES: usize = 70_000;

/// Draws batches of concurrent operations with values of up to `max_value_bytes` bytes.
pub(crate) fn batches(max_value_bytes: usize, operations: usize) -> impl Strategy<Value = Vec<Plan>> {
    let entry = move || (0..KEY_COUNT, Shape::strategy(max_value_bytes));
    let in_namespace = prop_oneof![
        12 => entry().prop_map(|(key, shape)| NamespacePlan::Put(key, shape)),
        2 => entry().prop_map(|(key, shape)| NamespacePlan::PutIfAbsent(key, shape)),
        3 => entry().prop_map(|(key, shape)| NamespacePlan::PutIfUnchanged(key, shape)),
        3 => (0..KEY_COUNT).prop_map(NamespacePlan::Delete),
        2 => (0..KEY_COUNT).prop_map(NamespacePlan::DeleteIfUnchanged),
        2 => vec((0..KEY_COUNT, Shape::strategy(MAX_BULK_VALUE_BYTES)), 1..6).prop_map(NamespacePlan::PutMany),
        1 => vec(0..KEY_COUNT, 1..6).prop_map(NamespacePlan::DeleteMany),
        1 => (0..TITLES).prop_map(NamespacePlan::Rename),
        1 => Just(NamespacePlan::DeleteNamespace),
    ];
    let plan = prop_oneof![
        2 => (1_usize..10).prop_map(Plan::Sweep),
        1 => (0..TITLES).prop_map(Plan::Create),
        27 => (any::<Index>(), in_namespace).prop_map(|(namespace, plan)| Plan::In(namespace, plan)),
    ];
    vec(plan, 1..=operations)
}

/// Converts plans to operations.
#[derive(Debug)]
pub(crate) struct Planner {
    /// First part of every title.
    prefix: String,
    next_serial: u64,
}

impl Planner {
    pub(crate) fn new(prefix: impl Into<String>, first_serial: u64) -> Self {
        Self { prefix: prefix.into(), next_serial: first_serial }
    }

    /// Returns the operation for `plan` on a store that holds `known`. Reads current versions from `store`.
    pub(crate) async fn operation(
        &mut self,
        plan: Plan,
        known: &Model,
        store: &RedbStore,
    ) -> Result<Operation> {
        let ids: Vec<&String> = known.ids().collect();
        match plan {
            Plan::Sweep(limit) => Ok(Operation::Sweep(limit)),
            Plan::Create(number) => Ok(Operation::Create(self.title(number))),
            Plan::In(..) if ids.is_empty() => Ok(Operation::Create(self.title(0))),
            Plan::In(namespace, plan) => {
                self.in_namespace(plan, ids[namespace.index(ids.len())], store).await
            }
        }
    }

    async fn in_namespace(&mut self, plan: NamespacePlan, id: &str, store: &RedbStore) -> Result<Operation> {
        let (number, condition, write) = match plan {
            NamespacePlan::Put(number, shape) => (number, None, Some(self.write(shape))),
            NamespacePlan::PutIfAbsent(number, shape) => {
                (number, Some(Condition::Absent), Some(self.write(shape)))
            }
            NamespacePlan::PutIfUnchanged(number, shape) => {
                let condition = unchanged(store, id, number).await?.unwrap_or(Condition::Absent);
                (number, Some(condition), Some(self.write(shape)))
            }
            NamespacePlan::Delete(number) => (number, None, None),
            NamespacePlan::DeleteIfUnchanged(number) => (number, unchanged(store, id, number).await?, None),
            NamespacePlan::PutMany(writes) => {
                let writes = writes.into_iter().map(|(number, shape)| (key(number), self.write(shape)));
                return Ok(Operation::PutMany(id.to_owned(), writes.collect()));
            }
            NamespacePlan::DeleteMany(numbers) => {
                return Ok(Operation::DeleteMany(id.to_owned(), numbers.into_iter().map(key).collect()));
            }
            NamespacePlan::Rename(number) => return Ok(Operation::Rename(id.to_owned(), self.title(number))),
            NamespacePlan::DeleteNamespace => return Ok(Operation::Delete(id.to_owned())),
        };
        Ok(Operation::Change(id.to_owned(), Change { key: key(number), condition, write }))
    }

    fn title(&self, number: u8) -> String {
        format!("{}{number}", self.prefix)
    }

    /// Returns one operation of each kind, on a namespace of `known` if there is one.
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

/// Returns the condition that the entry stays what it is now, if there is one.
async fn unchanged(store: &RedbStore, id: &str, number: u8) -> Result<Option<Condition>> {
    let key = key(number);
    let found = atomic(store, id).get_versioned(&key).await?;
    Ok(found.map(|(entry, version)| Condition::Unchanged(Write::of(&key, &entry), version.as_u64())))
}
