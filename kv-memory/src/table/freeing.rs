//! Freeing of deleted namespaces in the background.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use crate::table::{namespace_table::NamespaceTable, steps::yield_now};

/// Deleted namespaces whose memory has yet to be freed, and the thread that frees it.
///
/// A thread and not a task, since there may be no runtime. It starts with a deletion, and ends when the list
/// is empty. The list grows with deletions alone, and a table in it takes no more memory than it did before.
#[derive(Default)]
pub(crate) struct Freeing {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tables: VecDeque<Arc<NamespaceTable>>,
    is_running: bool,
}

impl Freeing {
    /// Frees the entries of `tables` soon. They are marked deleted, or their store closed.
    pub(crate) fn free(self: &Arc<Self>, tables: impl IntoIterator<Item = Arc<NamespaceTable>>) {
        let mut state = self.lock();
        state.tables.extend(tables);
        if state.is_running || state.tables.is_empty() {
            return;
        }
        let freeing = Arc::clone(self);
        // If the system starts no thread, the next deletion tries again, and a sweep frees the memory as
        // well.
        state.is_running =
            thread::Builder::new().name("kv-memory-free".into()).spawn(move || freeing.run()).is_ok();
    }

    fn run(&self) {
        while let Some(table) = self.next() {
            while !table.clear_step() {}
            self.finish(&table);
        }
    }

    /// Returns the first table. It stays in the list, so that a sweep finds it.
    fn next(&self) -> Option<Arc<NamespaceTable>> {
        let mut state = self.lock();
        let next = state.tables.front().map(Arc::clone);
        state.is_running = next.is_some();
        next
    }

    fn finish(&self, table: &Arc<NamespaceTable>) {
        self.lock().tables.retain(|other| !Arc::ptr_eq(other, table));
    }

    /// Frees the tables in the list, concurrently with the thread.
    pub(crate) async fn finish_all(&self) {
        let tables: Vec<_> = self.lock().tables.iter().map(Arc::clone).collect();
        for table in tables {
            while !table.clear_step() {
                yield_now().await;
            }
            self.finish(&table);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
