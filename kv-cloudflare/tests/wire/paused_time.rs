//! Time that a test does not wait for, beside a wire that it does.

use std::{sync::mpsc, thread, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::{
    runtime::Builder,
    task::{spawn_blocking, yield_now},
    time,
};

/// How far the time moves at each step.
const STEP: Duration = Duration::from_millis(100);

/// How long the kernel and the blocking pool have at each step: so 30 s take a fifth of a second.
const SETTLE: Duration = Duration::from_micros(500);

/// How often every task that is ready gets its turn, and the sockets are asked, at each step: an exchange over a new connection
/// takes fewer. So a step does not end in the middle of one, however busy the machine is.
const TURNS: usize = 64;

/// Runs `test` with the runtime's time paused, and moved in steps.
///
/// The runtime would move paused time by itself whenever no task is ready, also while bytes are on their way through a socket: a
/// timeout would then be over before them. It does not while blocking work runs.
pub(crate) fn on_paused_time(test: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (done, running) = mpsc::channel::<()>();
        let blocking = spawn_blocking(move || running.recv());
        tokio::select! {
            biased;
            () = test => {}
            () = steps() => {}
        }
        drop(done);
        assert!(blocking.await.unwrap().is_err());
    });
}

async fn steps() {
    loop {
        spawn_blocking(|| thread::sleep(SETTLE)).await.unwrap();
        for _ in 0..TURNS {
            yield_now().await;
        }
        time::advance(STEP).await;
    }
}

/// Runs `cases` together, so that their waits pass in the same time; not all at once, for each has its sockets.
pub(crate) async fn together<C: Future<Output = ()>>(cases: impl IntoIterator<Item = C>) {
    stream::iter(cases).buffer_unordered(60).collect::<()>().await;
}
