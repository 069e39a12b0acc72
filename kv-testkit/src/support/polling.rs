//! Ways to run a future: to its end, for a number of polls, and from synchronous code.

use std::{future::poll_fn, pin::pin, task::Poll};

use kv_core::Result;
use tokio::{
    runtime::{Builder, Handle},
    task::block_in_place,
};

/// Number of polls up to which a case drops a future: more than most calls take, so that they end in its last
/// rounds.
pub(crate) const MAX_POLLS: usize = 12;

/// Number of decisions after which an update counts as endless.
const MAX_DECISIONS: usize = 1_000;

/// Runs `future` to its end on a runtime of two worker threads, as a service has them.
///
/// # Panics
///
/// If the system gives no threads, or if `future` panics.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("the system gives no threads").block_on(future)
}

/// Polls `future` up to `times`, whenever it asks for it, and drops it if it is not done by then.
pub(crate) async fn poll_and_drop<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|context| {
        let Some(rest) = left.checked_sub(1) else { return Poll::Ready(None) };
        left = rest;
        match future.as_mut().poll(context) {
            Poll::Pending if left == 0 => Poll::Ready(None),
            poll => poll.map(Some),
        }
    })
    .await
}

/// Runs `future` to its end from synchronous code inside a runtime, such as the decision of an update.
pub(crate) fn run_in_place<F: Future>(future: F) -> F::Output {
    block_in_place(|| Handle::current().block_on(future))
}

/// Returns the same decision, which panics if the update does not end.
pub(crate) fn bounded<E, C>(
    mut decide: impl FnMut(Option<E>) -> Result<C>,
) -> impl FnMut(Option<E>) -> Result<C> {
    let mut decisions = 0;
    move |entry| {
        decisions += 1;
        assert!(
            decisions < MAX_DECISIONS,
            "an update ends if no other write comes in between, and this one decided {decisions} times"
        );
        decide(entry)
    }
}
