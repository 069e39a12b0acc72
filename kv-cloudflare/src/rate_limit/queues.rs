//! Lines of requests that wait for the budget.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use tokio::sync::Notify;

/// A request that waits.
#[derive(Debug, Default)]
pub(crate) struct Waiter {
    /// It is the first of a line now, or may be.
    pub(crate) turn: Notify,
}

/// Requests in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Queue(VecDeque<Arc<Waiter>>);

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn is_first(&self, waiter: &Arc<Waiter>) -> bool {
        self.0.front().is_some_and(|first| Arc::ptr_eq(first, waiter))
    }

    fn join(&mut self, waiter: &Arc<Waiter>) {
        self.0.push_back(Arc::clone(waiter));
    }

    /// Takes `waiter` out, wherever it stands, and tells the one who is first then.
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

/// The lines of one client. A request that writes a key stands in the line of that key first, and joins the one for requests when its
/// keys are free, so that a key that is written all the time holds up nobody else.
///
/// A request joins the lines of all its keys at once. So all lines have the same order, and no two requests wait for each other.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    requests: Queue,
    /// Of the keys that are waited for, and of no other.
    keys: HashMap<u64, Queue>,
}

impl Queues {
    /// Number of waiters in the line for requests.
    pub(crate) fn requests(&self) -> usize {
        self.requests.len()
    }

    /// Number of waiters in the line of `key`.
    pub(crate) fn writers_of(&self, key: u64) -> usize {
        self.keys.get(&key).map_or(0, Queue::len)
    }

    pub(crate) fn join_keys(&mut self, keys: &[u64], waiter: &Arc<Waiter>) {
        for key in keys {
            self.keys.entry(*key).or_default().join(waiter);
        }
    }

    pub(crate) fn join_requests(&mut self, waiter: &Arc<Waiter>) {
        self.requests.join(waiter);
    }

    /// `true` if `waiter` is the first in the lines of all its keys.
    pub(crate) fn may_write(&self, keys: &[u64], waiter: &Arc<Waiter>) -> bool {
        keys.iter().all(|key| self.keys.get(key).is_some_and(|queue| queue.is_first(waiter)))
    }

    /// `true` if `waiter` is the first in the line for requests.
    pub(crate) fn may_go(&self, waiter: &Arc<Waiter>) -> bool {
        self.requests.is_first(waiter)
    }

    /// Takes it out of every line.
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
