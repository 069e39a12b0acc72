//! Paused time of the runtime beside real sockets.

use std::{sync::mpsc, thread, time::Duration};

use futures_util::{StreamExt, stream};
use kv_core::{Clock, Timestamp};
use tokio::{
    runtime::Builder,
    task::{spawn_blocking, yield_now},
    time::{self, Instant},
};

/// Length of a step of the paused time.
const STEP: Duration = Duration::from_millis(100);

/// Real time for the kernel and the blocking pool at each step: 30 s of paused time take 0.2 s.
const SETTLE: Duration = Duration::from_micros(500);

/// Turns of every ready task, and polls of the sockets, at each step. An exchange over a new connection takes
/// fewer, so no step ends in the middle of one, however busy the machine is.
const TURNS: usize = 64;

/// Runs `test` with the runtime's time paused and moved in steps.
///
/// By itself, the runtime would move paused time whenever no task is ready, and a timeout would pass while
/// bytes are on their way through a socket. It does not while blocking work runs.
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

/// Runs `cases` concurrently, so that they wait at the same time; at most 60, since each has sockets.
pub(crate) async fn together<C: Future<Output = ()>>(cases: impl IntoIterator<Item = C>) {
    stream::iter(cases).buffer_unordered(60).collect::<()>().await;
}

/// Clock on the runtime's time, which a test may have paused.
#[derive(Debug)]
pub(crate) struct RuntimeClock {
    start: Instant,
    since_epoch: Timestamp,
}

impl RuntimeClock {
    /// Returns a clock that starts at 1994-11-06T08:49:37Z, the example of RFC 9110.
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), since_epoch: Timestamp::from_secs(784_111_777).unwrap() }
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        self.since_epoch.saturating_add(self.start.elapsed())
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}
