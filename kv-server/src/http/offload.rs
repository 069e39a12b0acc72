//! Offloading of long computations to the blocking pool.

use kv_core::Error;
use tokio::task;

use crate::http::error;

/// Maximum number of bytes that are parsed or written on the calling task: some 100 µs of work.
const MAX_INLINE_BYTES: usize = 128 * 1024;

/// Runs `work`, which processes about `bytes` of data: on the calling task if they are few, else on the
/// blocking pool, where it does not delay other tasks.
pub(crate) async fn run<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    if bytes <= MAX_INLINE_BYTES {
        return Ok(work());
    }
    // The task is never aborted, so an error is a panic or the end of the runtime.
    task::spawn_blocking(work).await.map_err(|_| error::internal("internal task failed"))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use kv_core::ErrorKind;

    use super::{MAX_INLINE_BYTES, run};

    #[tokio::test]
    async fn long_work_runs_on_another_thread() {
        let here = thread::current().id();
        assert_eq!(run(MAX_INLINE_BYTES, || thread::current().id()).await.unwrap(), here);
        assert_ne!(run(MAX_INLINE_BYTES + 1, || thread::current().id()).await.unwrap(), here);
    }

    #[tokio::test]
    async fn a_panic_on_the_blocking_pool_is_an_error() {
        let error = run::<()>(usize::MAX, || unreachable!("a bug")).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Other, "internal task failed"));
    }
}
