//! Work on the runtime's blocking pool.

use kv_core::{ErrorKind, Result};
use tokio::runtime::Handle;

use crate::file::error::error;

/// Runs work that may take long on the runtime's blocking pool, or on the calling thread outside a runtime.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let Ok(runtime) = Handle::try_current() else {
        return work();
    };
    let done = runtime.spawn_blocking(work).await;
    let message = "the runtime stopped before the store answered: try again on a running one";
    done.unwrap_or_else(|cause| Err(error(ErrorKind::Unavailable, message).with_source(cause)))
}
