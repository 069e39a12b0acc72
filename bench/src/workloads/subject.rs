//! Subjects of workloads: a store that is opened by its name, filled, and called again and again.

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

/// Measures a new store of the name, for values of `len` bytes, in the way of `visit`.
pub(crate) fn subject(
    name: &'static str,
    len: usize,
    visit: impl Visit<Output = Measure> + 'static,
) -> Subject {
    Subject::new(name, move |context| by_name::open(name, context, len, visit))
}

/// Puts every one of `entries` into `store`.
pub(crate) fn fill<S: Store>(context: &Context, store: &S, entries: &Entries) -> Result<()> {
    entries.batches(0).try_for_each(|batch| context.runtime.block_on(store.fill(batch)))
}

/// Measures how many calls a second the callers that `make` gives manage, once they are warm, and as a second figure
/// how many microseconds there are to a call.
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
