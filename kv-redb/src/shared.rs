//! What every handle of a store holds.

use std::sync::Arc;

use kv_core::Result;

use crate::{
    read::state::State,
    write::{
        queue::Queue,
        request::{Answer, Request},
    },
};

/// What every handle of a store holds.
pub(crate) struct Shared {
    pub(crate) state: Arc<State>,
    pub(crate) queue: Queue,
    pub(crate) cold_reads: bool,
}

impl Shared {
    /// Asks the writer, and waits for its answer.
    pub(crate) async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T> {
        self.queue.ask(&self.state, request).await
    }
}
