//! Liveness of a namespace: not deleted, and its store not closed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use kv_core::{Key, Result};

use crate::base::errors;

/// Flags that end a namespace: its own deletion, and the closing of its store.
#[derive(Debug, Default)]
pub(crate) struct Liveness {
    deleted: AtomicBool,
    closed: Arc<AtomicBool>,
}

impl Liveness {
    /// Returns the liveness of a namespace in a store, whose namespaces share `closed`.
    pub(crate) fn new(closed: Arc<AtomicBool>) -> Self {
        Self { deleted: AtomicBool::new(false), closed }
    }

    pub(crate) fn mark_deleted(&self) {
        self.deleted.store(true, Ordering::Release);
    }

    /// Fails `operation` if the namespace was deleted or its store closed.
    pub(crate) fn check(&self, operation: &'static str, key: Option<&Key<'_>>) -> Result<()> {
        let error = if self.closed.load(Ordering::Acquire) {
            errors::closed()
        } else if self.deleted.load(Ordering::Acquire) {
            errors::not_found()
        } else {
            return Ok(());
        };
        let error = error.with_operation(operation);
        Err(match key {
            Some(key) => error.with_key(key),
            None => error,
        })
    }
}
