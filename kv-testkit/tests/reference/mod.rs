//! A small correct backend, which can be broken on purpose in one place at a time.

mod conditional;
mod defect;
mod namespace;
mod pages;
mod store;

use std::sync::Arc;

use kv_testkit::{ManualClock, Subject};

pub(crate) use self::{defect::Defect, namespace::Reference, store::ReferenceStore};

/// A subject with everything that the suite can use, broken by `defect`, if there is one.
pub(crate) fn subject_with(defect: Option<Defect>) -> Subject {
    let clock = ManualClock::default();
    let store = ReferenceStore::new(clock.clone(), defect);
    let namespace = Reference::new(clock.clone(), defect);
    let swept = namespace.clone();
    Subject::new(Arc::new(namespace)).with_clock(clock).with_store(Arc::new(store)).with_sweep(move || {
        let swept = swept.clone();
        Box::pin(async move { swept.sweep() })
    })
}
