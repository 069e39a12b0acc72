//! Parts of an open store that every handle shares.

use std::sync::Arc;

use kv_core::Result;

use crate::{
    read::state::StoreState,
    write::{
        queue::Queue,
        request::{Reply, Request},
    },
};

/// Parts of an open store. The store closes when the last handle drops them.
pub(crate) struct OpenStore {
    pub(crate) state: Arc<StoreState>,
    pub(crate) queue: Queue,
    /// `true` if every read runs on the blocking pool.
    pub(crate) cold_reads: bool,
}

impl OpenStore {
    /// Sends a request to the writer, and waits for its reply.
    pub(crate) async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T> {
        self.queue.ask(&self.state, request).await
    }
}
