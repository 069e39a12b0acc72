//! Queues of requests that wait for the budget.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use tokio::sync::Notify;

/// Request that waits.
#[derive(Debug, Default)]
pub(crate) struct Waiter {
    /// Notified when the request comes to the head of a queue.
    pub(crate) turn: Notify,
}

/// Requests in the order in which they came.
#[derive(Debug, Default)]
struct Queue(VecDeque<Arc<Waiter>>);

impl Queue {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn is_first(&self, waiter: &Arc<Waiter>) -> bool {
        self.0.front().is_some_and(|first| Arc::ptr_eq(first, waiter))
    }

    fn join(&mut self, waiter: &Arc<Waiter>) {
        self.0.push_back(Arc::clone(waiter));
    }

    /// Removes `waiter`, wherever it stands, and notifies a new head.
    fn leave(&mut self, waiter: &Arc<Waiter>) {
        if self.is_first(waiter) {
            self.0.pop_front();
            if let Some(first) = self.0.front() {
                first.turn.notify_one();
            }
        } else {
            self.0.retain(|other| !Arc::ptr_eq(other, waiter));
        }
    }
}

/// Queues of one client. A request that writes keys stands in the queues of these keys first, and joins the
/// queue of requests when they are free, so that a key that is written all the time delays only its own
/// writers.
///
/// A request joins the queues of all its keys at once. So all queues have the same order, and no two requests
/// wait for each other.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    requests: Queue,
    /// One queue per key that is waited for.
    keys: HashMap<u64, Queue>,
}

impl Queues {
    /// Returns the number of waiters in the queue of requests.
    pub(crate) fn requests(&self) -> usize {
        self.requests.len()
    }

    /// Returns the number of waiters in the queue of `key`.
    pub(crate) fn writers_of(&self, key: u64) -> usize {
        self.keys.get(&key).map_or(0, Queue::len)
    }

    /// `true` if a request that writes `keys` would be the first in all its queues.
    pub(crate) fn are_empty_for(&self, keys: &[u64]) -> bool {
        self.requests() == 0 && keys.iter().all(|key| self.writers_of(*key) == 0)
    }

    pub(crate) fn join_keys(&mut self, keys: &[u64], waiter: &Arc<Waiter>) {
        for key in keys {
            self.keys.entry(*key).or_default().join(waiter);
        }
    }

    pub(crate) fn join_requests(&mut self, waiter: &Arc<Waiter>) {
        self.requests.join(waiter);
    }

    /// `true` if `waiter` is the first in the queues of all its keys.
    pub(crate) fn may_write(&self, keys: &[u64], waiter: &Arc<Waiter>) -> bool {
        keys.iter().all(|key| self.keys.get(key).is_some_and(|queue| queue.is_first(waiter)))
    }

    /// `true` if `waiter` is the first in the queue of requests.
    pub(crate) fn may_go(&self, waiter: &Arc<Waiter>) -> bool {
        self.requests.is_first(waiter)
    }

    /// Removes `waiter` from every queue.
    pub(crate) fn leave(&mut self, keys: &[u64], waiter: &Arc<Waiter>) {
        self.requests.leave(waiter);
        for key in keys {
            if let Some(queue) = self.keys.get_mut(key) {
                queue.leave(waiter);
                if queue.len() == 0 {
                    self.keys.remove(key);
                }
            }
        }
    }
}
