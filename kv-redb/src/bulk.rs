//! Bulk writes and deletes, in as few requests to the writer as their size allows.

use std::sync::Arc;

use kv_core::{BulkReport, Key};

use crate::{
    file::entry_key,
    open_store::OpenStore,
    read::catalog::NamespaceState,
    write::{
        mutation::{Action, Mutation},
        request::{Request, Write},
    },
};

/// Upper bound on the items of one request.
const MAX_ITEMS: usize = 1000;
/// Upper bound on the bytes of one request. A single larger item has a request to itself.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Applies the items to a namespace, in the order given.
pub(crate) async fn write(
    store: &OpenStore,
    namespace: &Arc<NamespaceState>,
    operation: &'static str,
    items: Vec<(Key<'static>, Action)>,
) -> BulkReport {
    let mut report = BulkReport::default();
    let mut keys = Vec::with_capacity(items.len());
    let mut requests = Vec::new();
    for mutations in split(namespace.number, items, &mut keys) {
        let count = mutations.len();
        let namespace = Arc::clone(namespace);
        let request = |reply| Request::Write(Write::Batch(namespace, mutations, reply));
        // Queued one after the other to keep the order, and not waited for, so that they share commits.
        requests.push((count, store.queue.send(&store.state, request).await));
    }
    let mut items = keys.iter().enumerate();
    for (count, queued) in requests {
        let outcomes = match queued {
            Ok(reply) => reply.await.unwrap_or_else(|_| Err(store.state.closed_error())),
            Err(refused) => Err(refused),
        };
        let mut outcomes = outcomes.map(Vec::into_iter);
        for (index, key) in items.by_ref().take(count) {
            let outcome = match &mut outcomes {
                Ok(outcomes) => outcomes.next().unwrap_or_else(|| Err(store.state.closed_error())).map(drop),
                Err(failed) => Err(failed.clone()),
            };
            report.add_outcome(
                index,
                key,
                outcome.map_err(|error| error.with_operation(operation).with_key(key)),
            );
        }
    }
    report
}

/// Splits the items into requests, and moves their keys to `keys`.
fn split(
    number: u32,
    items: Vec<(Key<'static>, Action)>,
    keys: &mut Vec<Key<'static>>,
) -> Vec<Vec<Mutation>> {
    let mut requests: Vec<Vec<Mutation>> = Vec::new();
    let mut bytes = usize::MAX;
    for (key, action) in items {
        let mutation = Mutation { key: entry_key::encode(number, key.as_str()), expected: None, action };
        keys.push(key);
        bytes = bytes.saturating_add(mutation.bytes());
        let last = requests.last_mut().filter(|request| request.len() < MAX_ITEMS && bytes <= MAX_BYTES);
        if let Some(request) = last {
            request.push(mutation);
        } else {
            bytes = mutation.bytes();
            requests.push(vec![mutation]);
        }
    }
    requests
}
