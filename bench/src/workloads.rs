//! What is measured: a file for each group of workloads.

mod bulk;
mod cache;
mod client;
mod get;
mod growth;
mod list;
pub(crate) mod memory;
mod mixed;
pub(crate) mod open;
mod put;
mod requests;
mod serve;
mod space;
mod stall;
pub(crate) mod value_peak;

use std::sync::Arc;

use anyhow::Result;

use crate::{
    context::Context,
    data::Entries,
    drive::{Caller, rate},
    group::{Group, Measure, Subject},
    store::Store,
    stores::{self, Visit},
};

/// Every workload, in the order of the report.
pub(crate) fn all(quick: bool) -> Vec<Group> {
    let groups = [
        get::groups(),
        put::groups(),
        mixed::groups(),
        bulk::groups(),
        list::groups(quick),
        cache::groups(),
        stall::groups(),
        space::groups(),
        memory::groups(),
        growth::groups(),
        open::groups(),
        serve::groups(),
        client::groups(),
        requests::groups(),
        value_peak::groups(),
    ];
    groups.into_iter().flatten().collect()
}

/// Measures a new store of the name, for values of `len` bytes, in the way of `visit`.
fn subject(name: &'static str, len: usize, visit: impl Visit<Output = Measure> + 'static) -> Subject {
    Subject::new(name, move |context| stores::open(name, context, len, visit))
}

/// Puts every one of `entries` into `store`.
fn fill<S: Store>(context: &Context, store: &S, entries: &Entries) -> Result<()> {
    entries.batches(0).try_for_each(|batch| context.runtime.block_on(store.fill(batch)))
}

/// Measures how many calls a second the callers that `make` gives manage, once they are warm, and as a second figure
/// how many microseconds there are to a call.
fn calls_per_second<S: Store, C: Caller>(
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
