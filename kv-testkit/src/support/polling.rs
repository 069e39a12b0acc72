//! Ways to run a future other than to its end.

use std::{future::poll_fn, pin::pin, task::Poll};

use kv_core::Result;
use tokio::{runtime::Handle, task::block_in_place};

/// Polls of a future in the last rounds of a case: more than most calls take, so that they end.
pub(crate) const MAX_POLLS: usize = 12;

/// Polls `future` up to `times`, each time when it asks for it, and drops it if it is not done by then.
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

/// Runs `future` to its end from code that cannot wait for it, such as the decision of an update.
pub(crate) fn meanwhile<F: Future>(future: F) -> F::Output {
    block_in_place(|| Handle::current().block_on(future))
}

/// No update of the suite is disturbed so often.
const MAX_DECISIONS: usize = 1_000;

/// The same decision, which panics where the update would go on for ever.
pub(crate) fn bounded<E, C>(
    mut decide: impl FnMut(Option<E>) -> Result<C>,
) -> impl FnMut(Option<E>) -> Result<C> {
    let mut decisions = 0;
    move |entry| {
        decisions += 1;
        assert!(decisions < MAX_DECISIONS, "an update gets through when nobody writes in between");
        decide(entry)
    }
}
