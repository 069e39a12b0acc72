//! Bounded queue between the handles and the writer.

use std::{
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError, TryRecvError},
    },
    time::Duration,
};

use kv_core::Result;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{
    read::state::StoreState,
    write::request::{Reply, Request},
};

/// Upper bound on the requests that wait or are in the writer's batch, in KiB: 64 MiB. A request counts at
/// least 1 KiB, so there are at most 65,536 of them; one that is larger than the bound is admitted alone.
const MAX_QUEUED_KIB: usize = 64 * 1024;

/// Sending end, for the handles. First in, first out, also among those that wait for permits.
pub(crate) struct Queue {
    permits: Arc<Semaphore>,
    requests: mpsc::Sender<Queued>,
}

/// Receiving end, for the writer. Once it is dropped, every request is refused.
pub(crate) struct Receiver {
    permits: Arc<Semaphore>,
    requests: mpsc::Receiver<Queued>,
}

/// Request with its permits, one per KiB, which it holds until it is replied to.
pub(crate) struct Queued {
    pub(crate) request: Request,
    pub(crate) permits: OwnedSemaphorePermit,
}

/// Makes a queue.
pub(crate) fn queue() -> (Queue, Receiver) {
    with_capacity(MAX_QUEUED_KIB)
}

fn with_capacity(kib: usize) -> (Queue, Receiver) {
    let permits = Arc::new(Semaphore::new(kib));
    // Bounded by the permits, which a request takes before it is sent.
    let (sender, receiver) = mpsc::channel();
    (Queue { permits: Arc::clone(&permits), requests: sender }, Receiver { permits, requests: receiver })
}

impl Queue {
    /// Waits for permits, then queues the request that `request` makes of a reply. A queued request is served
    /// even if the caller drops the returned receiver. Fails at once if the store takes no writes.
    pub(crate) async fn send<T>(
        &self,
        state: &StoreState,
        request: impl FnOnce(Reply<T>) -> Request,
    ) -> Result<oneshot::Receiver<Result<T>>> {
        state.check_process()?;
        if let Some(refusal) = state.write_refusal() {
            return Err(refusal);
        }
        let (reply, receiver) = Reply::new();
        self.enqueue(state, request(reply)).await?;
        Ok(receiver)
    }

    /// Queues a request to close the store. Does nothing if the store is closed or closing.
    pub(crate) async fn send_close(&self, state: &StoreState) {
        let _ = self.enqueue(state, Request::Close).await;
    }

    async fn enqueue(&self, state: &StoreState, request: Request) -> Result<()> {
        let kib = (request.bytes() / 1024 + 1).min(MAX_QUEUED_KIB);
        let permits =
            Arc::clone(&self.permits).acquire_many_owned(u32::try_from(kib).unwrap_or(u32::MAX)).await;
        let permits = permits.map_err(|_| state.closed_error())?;
        self.requests.send(Queued { request, permits }).map_err(|_| state.closed_error())
    }

    /// Queues a request as [`send`](Queue::send) does, and waits for the reply.
    pub(crate) async fn ask<T>(
        &self,
        state: &StoreState,
        request: impl FnOnce(Reply<T>) -> Request,
    ) -> Result<T> {
        let reply = self.send(state, request).await?;
        reply.await.unwrap_or_else(|_| Err(state.closed_error()))
    }
}

impl Receiver {
    /// Blocks until the next request, or until `timeout` has passed, if there is one. Disconnected means
    /// that every handle is dropped and the queue is empty.
    pub(crate) fn next(&self, timeout: Option<Duration>) -> Result<Queued, RecvTimeoutError> {
        match timeout {
            Some(timeout) => self.requests.recv_timeout(timeout),
            None => self.requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Returns the next request, if one is queued.
    pub(crate) fn try_next(&self) -> Result<Queued, TryRecvError> {
        self.requests.try_recv()
    }

    /// Refuses requests that wait for permits or come later. Queued ones can still be received; those that
    /// are not are refused when the receiver is dropped.
    pub(crate) fn close(&self) {
        self.permits.close();
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::{FutureExt, future::join};
    use kv_core::ErrorKind;

    use super::*;
    use crate::write::request::Write;

    fn sweep(limit: usize) -> impl FnOnce(Reply<usize>) -> Request {
        move |reply| Request::Write(Write::Sweep(limit, reply))
    }

    fn limits(receiver: &Receiver) -> Vec<usize> {
        let queued = std::iter::from_fn(|| receiver.try_next().ok());
        queued
            .map(|queued| match queued.request {
                Request::Write(Write::Sweep(limit, _)) => limit,
                _ => panic!("not a sweep"),
            })
            .collect()
    }

    #[test]
    fn a_request_dropped_while_it_waits_for_permits_is_not_queued_and_the_rest_keeps_its_order() {
        let state = StoreState::in_memory();
        let (queue, receiver) = with_capacity(2);
        assert!(queue.send(&state, sweep(1)).now_or_never().unwrap().is_ok());
        assert!(queue.send(&state, sweep(2)).now_or_never().unwrap().is_ok());
        let mut third = pin!(queue.send(&state, sweep(3)));
        let mut fourth = Box::pin(queue.send(&state, sweep(4)));
        let mut fifth = pin!(queue.send(&state, sweep(5)));
        assert!(third.as_mut().now_or_never().is_none());
        assert!(fourth.as_mut().now_or_never().is_none());
        assert!(fifth.as_mut().now_or_never().is_none());
        drop(fourth);
        assert_eq!(limits(&receiver), [1, 2]);
        let (third, fifth) = join(third, fifth).now_or_never().unwrap();
        assert!(third.is_ok() && fifth.is_ok());
        assert_eq!(limits(&receiver), [3, 5]);
    }

    /// A forked process has no writer, so a queued request would wait for ever.
    #[test]
    fn a_forked_process_is_refused_and_queues_nothing() {
        let state = StoreState::in_memory().forked();
        let (queue, receiver) = with_capacity(2);
        let refused = queue.ask(&state, sweep(1)).now_or_never().unwrap().unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Closed);
        assert!(refused.to_string().contains("forked"), "{refused}");
        assert_eq!(limits(&receiver), Vec::<usize>::new());
    }

    #[test]
    fn a_request_dropped_after_it_was_queued_stays_queued() {
        let state = StoreState::in_memory();
        let (queue, receiver) = with_capacity(1);
        assert!(queue.ask(&state, sweep(1)).now_or_never().is_none());
        assert_eq!(limits(&receiver), [1]);
    }

    #[test]
    fn a_dropped_receiver_refuses_waiting_and_new_requests() {
        let state = StoreState::in_memory();
        let (queue, receiver) = with_capacity(1);
        let mut asked = pin!(queue.ask(&state, sweep(1)));
        let mut waiting = pin!(queue.ask(&state, sweep(2)));
        assert!(asked.as_mut().now_or_never().is_none() && waiting.as_mut().now_or_never().is_none());
        drop(receiver);
        for refused in
            [asked.now_or_never(), waiting.now_or_never(), queue.ask(&state, sweep(3)).now_or_never()]
        {
            assert_eq!(refused.unwrap().unwrap_err().kind(), ErrorKind::Closed);
        }
    }
}
