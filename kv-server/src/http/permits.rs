//! Permits for requests under way.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Permits for requests under way at once, of which those with a body may take a part only: however slowly some clients
/// send theirs, the rest is left for others.
#[derive(Debug)]
pub(crate) struct Permits {
    requests: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
}

/// A permit of one request, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    _request: OwnedSemaphorePermit,
    _upload: Option<OwnedSemaphorePermit>,
}

impl Permits {
    pub(crate) fn new(requests: usize, uploads: usize) -> Self {
        let permits = |permits: usize| Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        Self { requests: permits(requests), uploads: permits(uploads) }
    }

    /// A permit, if one is left.
    pub(crate) fn take(&self, is_upload: bool) -> Option<Permit> {
        let take = |permits: &Arc<Semaphore>| Arc::clone(permits).try_acquire_owned().ok();
        let upload = if is_upload { Some(take(&self.uploads)?) } else { None };
        Some(Permit { _request: take(&self.requests)?, _upload: upload })
    }
}
