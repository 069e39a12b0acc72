//! A pause for the other tasks of the runtime, whichever it is.

use std::{future::poll_fn, task::Poll};

/// Lets the runtime run other tasks of this thread first.
pub(crate) async fn yield_now() {
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
