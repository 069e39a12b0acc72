//! Reference backend: small and correct, and broken on purpose by one defect at a time.

mod conditional;
mod defect;
mod namespace;
mod pages;
mod store;

use std::sync::Arc;

use kv_testkit::{ManualClock, Subject};

pub(crate) use self::{defect::Defect, namespace::Reference, store::ReferenceStore};

/// Returns a subject with a clock, a store and a sweep, with `defect` if there is one.
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
