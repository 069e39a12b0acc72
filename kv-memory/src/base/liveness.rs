//! Whether a namespace still answers.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use kv_core::{Key, Result};

use crate::base::errors;

/// Whether a namespace still answers: it was not deleted, and its store was not closed.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    deleted: AtomicBool,
    closed: Arc<AtomicBool>,
}

impl Gate {
    /// A gate that `closed` shuts as well, which all namespaces of a store share.
    pub(crate) fn new(closed: Arc<AtomicBool>) -> Self {
        Self { deleted: AtomicBool::new(false), closed }
    }

    pub(crate) fn mark_deleted(&self) {
        self.deleted.store(true, Ordering::Release);
    }

    /// Refuses `operation` if the namespace does not answer any more.
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
