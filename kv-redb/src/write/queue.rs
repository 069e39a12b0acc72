//! The bounded queue between handles and writer.

use std::sync::Arc;

use kv_core::Result;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::{
    read::state::State,
    write::request::{Answer, Request},
};

/// How much may wait for the writer or be in its batch, in KiB: 64 MiB. A request takes 1 KiB at least, so there are
/// never more than 65,536 of them; one that is larger than all of it has the queue to itself.
const ROOM_KIB: usize = 64 * 1024;

/// The handles' end. First in, first out: who waits for room is served in turn.
pub(crate) struct Queue {
    room: Arc<Semaphore>,
    requests: mpsc::UnboundedSender<Queued>,
}

/// The writer's end. Once it is dropped, every request is refused.
pub(crate) struct Receiver {
    room: Arc<Semaphore>,
    requests: mpsc::UnboundedReceiver<Queued>,
}

/// A request, with the room that it takes up until it is answered.
pub(crate) struct Queued {
    pub(crate) request: Request,
    pub(crate) room: OwnedSemaphorePermit,
}

pub(crate) fn queue() -> (Queue, Receiver) {
    with_room(ROOM_KIB)
}

fn with_room(kib: usize) -> (Queue, Receiver) {
    let room = Arc::new(Semaphore::new(kib));
    // Bounded by the room, which a request takes before it is sent.
    let (sender, receiver) = mpsc::unbounded_channel();
    (Queue { room: Arc::clone(&room), requests: sender }, Receiver { room, requests: receiver })
}

impl Queue {
    /// Waits for room, then queues what `request` makes of the way back. From then on it will be applied, whether or not
    /// anybody waits for the answer. Refuses it at once where the store takes no writes.
    pub(crate) async fn send<T>(
        &self,
        state: &State,
        request: impl FnOnce(Answer<T>) -> Request,
    ) -> Result<oneshot::Receiver<Result<T>>> {
        state.check_process()?;
        if let Some(refusal) = state.refusal() {
            return Err(refusal);
        }
        let (answer, reply) = Answer::new();
        self.enqueue(state, request(answer)).await?;
        Ok(reply)
    }

    /// Asks the writer to close the store. One that is closed, or closing, takes no request.
    pub(crate) async fn send_close(&self, state: &State) {
        let _ = self.enqueue(state, Request::Close).await;
    }

    async fn enqueue(&self, state: &State, request: Request) -> Result<()> {
        let kib = (request.bytes() / 1024 + 1).min(ROOM_KIB);
        let room = Arc::clone(&self.room).acquire_many_owned(u32::try_from(kib).unwrap_or(u32::MAX)).await;
        let room = room.map_err(|_| state.closed())?;
        self.requests.send(Queued { request, room }).map_err(|_| state.closed())
    }

    /// As [`send`](Queue::send), and waits for the answer.
    pub(crate) async fn ask<T>(
        &self,
        state: &State,
        request: impl FnOnce(Answer<T>) -> Request,
    ) -> Result<T> {
        let reply = self.send(state, request).await?;
        reply.await.unwrap_or_else(|_| Err(state.closed()))
    }
}

impl Receiver {
    /// The next request; `None` once every handle is gone and nothing waits.
    pub(crate) async fn next(&mut self) -> Option<Queued> {
        self.requests.recv().await
    }

    /// The next request, if one waits.
    pub(crate) fn try_next(&mut self) -> Option<Queued> {
        self.requests.try_recv().ok()
    }

    /// Whether every handle is gone and nothing waits.
    pub(crate) fn is_finished(&self) -> bool {
        self.requests.is_closed() && self.requests.is_empty()
    }

    /// Takes no more requests; those that wait can still be taken.
    pub(crate) fn close(&mut self) {
        self.requests.close();
        self.room.close();
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
    use crate::write::request::Data;

    fn sweep(limit: usize) -> impl FnOnce(Answer<usize>) -> Request {
        move |answer| Request::Data(Data::Sweep(limit, answer))
    }

    fn limits(receiver: &mut Receiver) -> Vec<usize> {
        let waiting = std::iter::from_fn(|| receiver.try_next());
        waiting
            .map(|queued| match queued.request {
                Request::Data(Data::Sweep(limit, _)) => limit,
                _ => panic!("not a sweep"),
            })
            .collect()
    }

    #[test]
    fn what_is_dropped_while_it_waits_for_room_is_not_queued_and_the_rest_keeps_its_order() {
        let state = State::in_memory();
        let (queue, mut receiver) = with_room(2);
        assert!(queue.send(&state, sweep(1)).now_or_never().unwrap().is_ok());
        assert!(queue.send(&state, sweep(2)).now_or_never().unwrap().is_ok());
        let mut third = pin!(queue.send(&state, sweep(3)));
        let mut fourth = Box::pin(queue.send(&state, sweep(4)));
        let mut fifth = pin!(queue.send(&state, sweep(5)));
        assert!(third.as_mut().now_or_never().is_none());
        assert!(fourth.as_mut().now_or_never().is_none());
        assert!(fifth.as_mut().now_or_never().is_none());
        drop(fourth);
        assert_eq!(limits(&mut receiver), [1, 2]);
        let (third, fifth) = join(third, fifth).now_or_never().unwrap();
        assert!(third.is_ok() && fifth.is_ok());
        assert_eq!(limits(&mut receiver), [3, 5]);
    }

    /// The child of a fork has no writer: what it asks would wait for ever.
    #[test]
    fn a_forked_process_is_refused_and_queues_nothing() {
        let state = State::in_memory().forked();
        let (queue, mut receiver) = with_room(2);
        let refused = queue.ask(&state, sweep(1)).now_or_never().unwrap().unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Closed);
        assert!(refused.to_string().contains("forked"), "{refused}");
        assert_eq!(limits(&mut receiver), Vec::<usize>::new());
    }

    #[test]
    fn what_is_dropped_after_it_was_queued_stays_queued() {
        let state = State::in_memory();
        let (queue, mut receiver) = with_room(1);
        assert!(queue.ask(&state, sweep(1)).now_or_never().is_none());
        assert_eq!(limits(&mut receiver), [1]);
    }

    #[test]
    fn a_dropped_receiver_refuses_those_that_wait_and_those_that_come() {
        let state = State::in_memory();
        let (queue, receiver) = with_room(1);
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
