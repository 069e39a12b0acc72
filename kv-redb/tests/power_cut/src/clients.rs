//! Clients that write until they are stopped, and the history of each key.

use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering},
};

use kv_core::prelude::*;
use kv_redb::RedbNamespace;

/// Content of a key: number of its write and length of its value in bytes. `None` if the key is absent.
pub(crate) type State = Option<(u64, usize)>;

/// Contents of one key, in order. Only one client writes the key.
#[derive(Debug, Clone)]
pub(crate) struct KeyHistory {
    pub(crate) key: String,
    /// Requested contents, the unanswered last one included.
    pub(crate) states: Vec<State>,
    /// Index of the last answered content.
    pub(crate) answered: usize,
}

impl KeyHistory {
    pub(crate) fn new(key: String) -> Self {
        Self { key, states: vec![None], answered: 0 }
    }
}

/// Returns the bytes of a value.
pub(crate) fn value((write, len): (u64, usize)) -> Vec<u8> {
    let mut bytes = format!("{write} {len}:").into_bytes();
    bytes.resize(bytes.len() + len, write.to_le_bytes()[0]);
    bytes
}

/// Histories of all keys, shared by the clients and the checks.
#[derive(Debug, Default, Clone)]
pub(crate) struct KeyHistories {
    histories: Arc<Mutex<Vec<KeyHistory>>>,
    stopped: Arc<AtomicBool>,
}

impl KeyHistories {
    pub(crate) fn new(clients: usize, keys: usize) -> Self {
        let histories = (0..clients)
            .flat_map(|client| (0..keys).map(move |key| KeyHistory::new(format!("{client}-{key}"))));
        Self { histories: Arc::new(Mutex::new(histories.collect())), stopped: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<KeyHistory>> {
        self.histories.lock().unwrap()
    }

    /// Returns a copy of the histories as they are now.
    pub(crate) fn histories(&self) -> Vec<KeyHistory> {
        self.lock().clone()
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Writes the `count` keys from `first` on until `stop`.
    pub(crate) async fn write(self, kv: RedbNamespace, first: usize, count: usize) {
        for number in 0_u64.. {
            if self.stopped.load(Ordering::Relaxed) {
                return;
            }
            let place = first + usize::try_from(number).unwrap() * 7 % count;
            let len = match number % 11 {
                0 => 60_000,
                1..4 => 3_000,
                _ => 20,
            };
            let state = (number % 5 != 4).then_some((number, len));
            let key = {
                let history = &mut self.lock()[place];
                history.states.push(state);
                history.key.clone()
            };
            match state {
                Some(state) => kv.put(&key, value(state)).await.unwrap(),
                None => kv.delete(&key).await.unwrap(),
            }
            let history = &mut self.lock()[place];
            history.answered = history.states.len() - 1;
        }
    }
}
