//! Work that may take long.

use kv_core::{ErrorKind, Result};
use tokio::runtime::Handle;

use crate::file::error::error;

/// Runs `work` where it holds up no task: on the runtime's blocking pool, or here where there is no runtime.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let Ok(runtime) = Handle::try_current() else {
        return work();
    };
    let stopped = "the runtime stopped before the store answered: try again on one that runs";
    let done = runtime.spawn_blocking(work).await;
    done.unwrap_or_else(|cause| Err(error(ErrorKind::Unavailable, stopped).with_source(cause)))
}
