//! Where a suite's futures run.

/// Runs `future` to its end on a runtime of two worker threads, as a service has them.
///
/// # Panics
///
/// If the system gives no threads, or if `future` panics.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("the system gives no threads").block_on(future)
}
