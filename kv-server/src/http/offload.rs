//! Work that takes long enough to hold up a runtime's other tasks.

use kv_core::{Error, ErrorKind};
use tokio::task;

/// Most bytes that are parsed or written on the calling task: some 100 µs of work.
const MAX_INLINE_BYTES: usize = 128 * 1024;

/// Runs `work`, which goes through about `bytes` of data: here if they are few, else where it holds up nobody.
pub(crate) async fn run<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    if bytes <= MAX_INLINE_BYTES {
        return Ok(work());
    }
    // It is not aborted, so this is a panic or the end of the runtime.
    task::spawn_blocking(work).await.map_err(|_| {
        Error::new(ErrorKind::Other, env!("CARGO_PKG_NAME"), "a task of the server ended before its work")
    })
}
