//! Building blocks of workloads: a subject for a store by name, filling a store, and the rate of calls.

use std::sync::Arc;

use anyhow::Result;

use crate::{
    harness::{
        caller::{Caller, rate},
        context::Context,
        data::Entries,
        store::Store,
    },
    stores::by_name::{self, Visit},
    workloads::group::{Measure, Subject},
};

/// Returns a subject that opens a store by name, for values of `len` bytes, and measures it as `visit` does.
pub(crate) fn subject(
    name: &'static str,
    len: usize,
    visit: impl Visit<Output = Measure> + 'static,
) -> Subject {
    Subject::new(name, move |context| by_name::open(name, context, len, visit))
}

/// Puts all `entries` into `store`.
pub(crate) fn fill<S: Store>(context: &Context, store: &S, entries: &Entries) -> Result<()> {
    entries.batches(0).try_for_each(|batch| context.runtime.block_on(store.fill(batch)))
}

/// Warms up, and returns a measurement of the callers that `make` returns, with two figures: calls per
/// second, and microseconds per call.
pub(crate) fn calls_per_second<S: Store, C: Caller>(
    context: &Arc<Context>,
    make: impl Fn() -> Vec<C> + 'static,
) -> Result<Measure> {
    let context = Arc::clone(context);
    rate(&context, S::CALLERS, make(), context.window)?;
    Ok(Box::new(move || {
        let rate = rate(&context, S::CALLERS, make(), context.window)?;
        Ok(vec![rate, 1e6 / rate])
    }))
}
