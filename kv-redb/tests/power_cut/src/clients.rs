//! Clients that write until they are told to stop, and what is known of their keys.

use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering},
};

use kv_core::prelude::*;
use kv_redb::RedbNamespace;

/// Content of a key: the number of the write that made it, and the length of its value in bytes; or nothing.
pub(crate) type State = Option<(u64, usize)>;

/// All that was ever under one key, which one client alone writes.
#[derive(Debug, Clone)]
pub(crate) struct KeyHistory {
    pub(crate) key: String,
    /// In their order, also what was asked for and not answered yet.
    pub(crate) states: Vec<State>,
    /// The place of the last one that was answered.
    pub(crate) answered: usize,
}

impl KeyHistory {
    pub(crate) fn new(key: String) -> Self {
        Self { key, states: vec![None], answered: 0 }
    }
}

/// The bytes of a value.
pub(crate) fn value((write, len): (u64, usize)) -> Vec<u8> {
    let mut bytes = format!("{write} {len}:").into_bytes();
    bytes.resize(bytes.len() + len, write.to_le_bytes()[0]);
    bytes
}

/// Knowledge of all clients.
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

    /// Pasts of all keys, as far as they are known now.
    pub(crate) fn histories(&self) -> Vec<KeyHistory> {
        self.lock().clone()
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Writes the keys from `first` on, `count` of them, until it is told to stop.
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
