//! Steps of long work: a number of entries, then a turn for other tasks and threads.

use std::{future::poll_fn, task::Poll};

/// Maximum number of entries that a bulk write or a sweep handles before it releases the lock and yields.
pub(super) const STEP: usize = 256;

/// Lets the runtime, whichever it is, run other tasks of this thread first.
pub(super) async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
