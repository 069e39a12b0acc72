//! Work that may take long.

use kv_core::{Error, ErrorKind, Result};
use tokio::runtime::Handle;

/// Runs `work` where it holds up no task: on the runtime's blocking pool, or here where there is no runtime.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let Ok(runtime) = Handle::try_current() else {
        return work();
    };
    let stopped = "the runtime stopped before the store answered: try again on one that runs";
    runtime.spawn_blocking(work).await.unwrap_or_else(|cause| {
        Err(Error::new(ErrorKind::Unavailable, env!("CARGO_PKG_NAME"), stopped).with_source(cause))
    })
}
