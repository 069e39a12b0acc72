//! Offloading of long work on JSON to the blocking pool.

use kv_core::{Error, ErrorKind};
use tokio::task::spawn_blocking;

use crate::api::errors;

/// Smallest JSON that is offloaded. Less takes well under a millisecond, and handing it over would cost more.
const MIN_OFFLOADED_BYTES: usize = 256 * 1024;

/// Runs `work` on `bytes` bytes of JSON, on the calling task if they are few, else on the blocking pool.
pub(crate) async fn offload<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    if bytes < MIN_OFFLOADED_BYTES {
        return Ok(work());
    }
    let done = spawn_blocking(work).await;
    done.map_err(|_| errors::new(ErrorKind::Other, "the runtime stopped while JSON was encoded or decoded"))
}
