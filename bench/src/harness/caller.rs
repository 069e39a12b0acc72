//! Callers, and the rate of their calls.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Result, anyhow};
use futures_util::future::try_join_all;

use crate::harness::{context::Context, stopwatch::Stopwatch, store::Callers};

/// A caller, which makes one call after the other.
pub(crate) trait Caller: Send + 'static {
    fn call(&mut self) -> impl Future<Output = Result<()>> + Send;

    /// Checks the effect of the calls, outside of the measured time. Runs only after at least one call.
    fn verify(&mut self) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }
}

/// Measures how many calls per second all `callers` together make within `window`. Calls in flight at its end
/// are completed and counted, with the time that they take.
pub(crate) fn rate<C: Caller>(
    context: &Context,
    kind: Callers,
    callers: Vec<C>,
    window: Duration,
) -> Result<f64> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopwatch = Stopwatch::start();
    let wait_and_stop = || {
        thread::sleep(window);
        stop.store(true, Ordering::Relaxed);
    };
    let callers: Vec<(C, u64)> = match kind {
        Callers::Tasks => {
            let spawn = |caller| context.runtime.spawn(call_until(caller, Arc::clone(&stop)));
            let tasks: Vec<_> = callers.into_iter().map(spawn).collect();
            wait_and_stop();
            context.runtime.block_on(try_join_all(tasks))?.into_iter().collect::<Result<_>>()?
        }
        Callers::Threads => {
            let spawn = |caller| {
                let stop = Arc::clone(&stop);
                thread::spawn(move || futures_executor::block_on(call_until(caller, stop)))
            };
            let threads: Vec<_> = callers.into_iter().map(spawn).collect();
            wait_and_stop();
            let join = |thread: thread::JoinHandle<Result<_>>| {
                thread.join().unwrap_or_else(|_| Err(anyhow!("a caller panicked")))
            };
            threads.into_iter().map(join).collect::<Result<_>>()?
        }
    };
    let seconds = stopwatch.seconds();
    let mut all = 0;
    for (mut caller, calls) in callers {
        all += calls;
        if calls > 0 {
            context.runtime.block_on(caller.verify())?;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    Ok(all as f64 / seconds)
}

async fn call_until<C: Caller>(mut caller: C, stop: Arc<AtomicBool>) -> Result<(C, u64)> {
    let mut calls = 0;
    while !stop.load(Ordering::Relaxed) {
        caller.call().await?;
        calls += 1;
    }
    Ok((caller, calls))
}
