//! Work that would keep a runtime thread busy for long.

use kv_core::{Error, ErrorKind};
use tokio::task::spawn_blocking;

use crate::api::errors;

/// Work on fewer bytes is done where it stands: handing it over costs more. It takes well under a millisecond.
const MIN_OFFLOADED_BYTES: usize = 256 * 1024;

/// Runs `work` on `bytes` bytes of JSON: on the calling task if they are few, else on the blocking pool.
pub(crate) async fn offload<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    if bytes < MIN_OFFLOADED_BYTES {
        return Ok(work());
    }
    let done = spawn_blocking(work).await;
    done.map_err(|_| errors::new(ErrorKind::Other, "the runtime ended while JSON was read or written"))
}
