//! Bulk writes and deletes: as few transactions as their size allows.

use std::sync::Arc;

use kv_core::{BulkReport, Key, Result};

use crate::{
    file::entry_key,
    namespace::RedbNamespace,
    write::{
        mutation::{Action, Mutation},
        request::{Data, Request},
    },
};

/// The most items of one request to the writer.
const MAX_ITEMS: usize = 1000;
/// The most bytes of one request to the writer, but for a single item that is larger.
const MAX_BYTES: usize = 4 * 1024 * 1024;

impl RedbNamespace {
    /// Applies the items in the order given.
    pub(crate) async fn bulk(
        &self,
        operation: &'static str,
        items: Vec<(Key<'static>, Action)>,
    ) -> Result<BulkReport> {
        self.check().map_err(|error| error.with_operation(operation))?;
        let mut report = BulkReport::default();
        let mut keys = Vec::with_capacity(items.len());
        let mut requests = Vec::new();
        for request in self.split(items, &mut keys) {
            let (count, namespace) = (request.len(), Arc::clone(&self.namespace));
            let send = self
                .shared
                .queue
                .send(&self.shared.state, |answer| Request::Data(Data::Many(namespace, request, answer)));
            // Sent one after the other, so that they are applied in order, but not waited for: they share commits.
            requests.push((count, send.await));
        }
        let mut items = keys.iter().enumerate();
        for (count, sent) in requests {
            let outcomes = match sent {
                Ok(reply) => reply.await.unwrap_or_else(|_| Err(self.shared.state.closed())),
                Err(refused) => Err(refused),
            };
            let mut outcomes = outcomes.map(Vec::into_iter);
            for (index, key) in items.by_ref().take(count) {
                let outcome = match &mut outcomes {
                    Ok(outcomes) => {
                        outcomes.next().unwrap_or_else(|| Err(self.shared.state.closed())).map(drop)
                    }
                    Err(failure) => Err(failure.clone()),
                };
                report.record(
                    index,
                    key,
                    outcome.map_err(|error| error.with_operation(operation).with_key(key)),
                );
            }
        }
        Ok(report)
    }

    /// The requests that make up the items, whose keys go to `keys`.
    fn split(&self, items: Vec<(Key<'static>, Action)>, keys: &mut Vec<Key<'static>>) -> Vec<Vec<Mutation>> {
        let mut requests: Vec<Vec<Mutation>> = Vec::new();
        let mut bytes = usize::MAX;
        for (key, action) in items {
            let mutation = Mutation {
                key: entry_key::encode(self.namespace.number, key.as_str()),
                expected: None,
                action,
            };
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
}
